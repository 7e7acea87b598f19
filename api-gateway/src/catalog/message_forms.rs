//! Constraints of schemas that concern several fields of a message.

use std::collections::HashSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::{Notes, schema_forms::Schema, special_types::is_well_known};

/// Returns the full names of a message and all messages in it.
pub(super) fn reach(message: &MessageDescriptor, names: &mut HashSet<String>) {
    if names.insert(message.full_name().to_owned()) {
        for field in message.fields() {
            if let Kind::Message(inner) = field.kind() {
                reach(&inner, names);
            }
        }
    }
}

/// Adds the full names of the fields of items that steer a call, where the request that holds the items has fields of its own for that.
pub(super) fn steering(request: &MessageDescriptor, notes: &Notes, names: &mut HashSet<String>) {
    let is_control = |field: &FieldDescriptor| notes.field(field).call_control;
    for field in request.fields() {
        let kind = field.kind();
        let inner = kind
            .as_message()
            .into_iter()
            .flat_map(MessageDescriptor::fields);
        let known = inner.filter(is_control).filter(|inner| {
            let own = request.get_field_by_name(inner.name());
            own.is_some_and(|own| is_control(&own))
        });
        names.extend(known.map(|field| field.full_name().to_owned()));
    }
}

/// Tells whether a request states something else about the fields of a message than an answer: what is required, and what may be
/// null.
pub(super) fn differs(message: &MessageDescriptor) -> bool {
    let is_message = |kind: Kind| {
        let message = kind.as_message();
        message.is_some_and(|message| !is_well_known(message))
    };
    let mut fields = message.fields();
    fields.any(|field| field.containing_oneof().is_none() || is_message(field.kind()))
}

/// Tells whether a field belongs to a oneof of which one field must be set.
pub(super) fn in_required_oneof(field: &FieldDescriptor, notes: &Notes) -> bool {
    let message = field.parent_message();
    field.containing_oneof().is_some_and(|oneof| {
        let required = &notes.message(message).required_oneofs;
        required.iter().any(|name| name == oneof.name())
    })
}

/// Adds how many of its fields a message has. Generators understand the number of properties, and pass over `not`.
pub(super) fn restrict(
    schema: &mut Schema,
    message: &MessageDescriptor,
    notes: &Notes,
    for_requests: bool,
) {
    if message.fields().len() > 0
        && message
            .fields()
            .all(|field| in_required_oneof(&field, notes))
    {
        schema.insert("minProperties".to_owned(), 1.into());
        schema.insert("maxProperties".to_owned(), 1.into());
    }
    let exclusive = notes.message(message).exclusive.iter();
    let pairs: Vec<Value> = exclusive.flat_map(|fields| pairs(fields)).collect();
    if for_requests && !pairs.is_empty() {
        schema.insert("not".to_owned(), json!({"anyOf": pairs}));
    }
}

fn pairs(fields: &[String]) -> impl Iterator<Item = Value> {
    let others = |at: usize| &fields[at + 1..];
    let fields = fields.iter().enumerate();
    fields.flat_map(move |(at, one)| {
        let others = others(at).iter();
        others.map(move |other| json!({"required": [one, other]}))
    })
}
