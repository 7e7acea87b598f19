//! Constraints of schemas that concern several fields of a message.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{FieldPlan, Kind, MessageId, MessagePlan, Plans, schema_forms::Schema};

/// Adds the fields of items that steer a call, where the request that holds the items has fields of its own for that.
pub(super) fn steering(plans: &Plans, request: MessageId, found: &mut HashSet<(MessageId, u32)>) {
    let request = &plans[request];
    for field in &request.fields {
        let Kind::Message(item) = field.kind else {
            continue;
        };
        let known = plans[item].fields.iter().filter(|inner| {
            let own = request.field(&inner.name);
            inner.call_control && own.is_some_and(|own| own.call_control)
        });
        found.extend(known.map(|inner| (item, inner.number)));
    }
}

/// Tells whether a request states something else about the fields of a message than an answer: what is required, and what may be
/// null.
pub(super) fn differs(message: &MessagePlan) -> bool {
    let differs =
        |field: &FieldPlan| field.oneof.is_none() || matches!(field.kind, Kind::Message(_));
    message.fields.iter().any(|field| differs(field))
}

/// Adds how many of its fields a message has. Generators understand the number of properties, and pass over `not`.
pub(super) fn restrict(schema: &mut Schema, message: &MessagePlan, for_requests: bool) {
    let mut fields = message.fields.iter();
    if !message.fields.is_empty() && fields.all(|field| field.in_required_oneof) {
        schema.insert("minProperties".to_owned(), 1.into());
        schema.insert("maxProperties".to_owned(), 1.into());
    }
    let exclusive = message.exclusive.iter();
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
