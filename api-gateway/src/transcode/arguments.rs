use prost_reflect::{DynamicMessage, FieldDescriptor};
use serde_json::{Map, Value as Json};

use super::{
    FieldViolation, Reading,
    assemble::require,
    reader::Reader,
    suggestion::did_you_mean,
    update_mask::{clearable_fields, is_written, mask_field, set_mask},
};
use crate::catalog::{Dialect, Notes, Rpc};

/// Builds the request message of an RPC from the arguments of a tool call.
///
/// # Errors
///
/// Returns every fault, each with its argument and the cure.
pub fn from_arguments(
    notes: &Notes,
    rpc: &Rpc,
    arguments: &Map<String, Json>,
) -> Result<DynamicMessage, Vec<FieldViolation>> {
    read_arguments(notes, rpc, arguments).complete()
}

/// Reads the arguments of a tool call as far as they can be read.
pub fn read_arguments(notes: &Notes, rpc: &Rpc, arguments: &Map<String, Json>) -> Reading {
    let mut reader = Reader::new(notes, Dialect::Tool);
    let mut message = DynamicMessage::new(rpc.method.input());
    let mask = mask_field(&rpc.method.input());
    let clearable = clearable_fields(notes, rpc);
    let mut arguments = arguments.clone();
    let clear = match clearable.is_empty() {
        true => None,
        false => arguments.shift_remove("clear"),
    };
    let named = reader.fill(&mut message, &arguments, "");
    let given: Vec<FieldDescriptor> = named
        .into_iter()
        .filter(|named| !named.absent)
        .map(|named| named.field)
        .collect();
    if let Some(mask) = mask {
        if given.contains(&mask) {
            let cure = "is not a known field; the given fields are changed and no others";
            reader.faults.add(mask.name(), cure);
        }
        let binding = rpc.bindings.first();
        let written = given
            .iter()
            .filter(|field| is_written(notes, binding, field));
        let mut names: Vec<String> = written.map(|field| field.name().to_owned()).collect();
        names.extend(cleared(
            &mut reader,
            &clearable,
            &given,
            clear.unwrap_or_default(),
        ));
        set_mask(&mut message, &mask, names);
    }
    require(&mut reader, rpc, &given);
    reader.faults.of(message)
}

/// Returns the names of the fields to empty.
fn cleared(
    reader: &mut Reader<'_>,
    clearable: &[FieldDescriptor],
    given: &[FieldDescriptor],
    clear: Json,
) -> Vec<String> {
    let known: Vec<&str> = clearable.iter().map(FieldDescriptor::name).collect();
    let items = match clear {
        Json::Null => Vec::new(),
        Json::Array(items) => items,
        // Models give a single name without its list now and then; what they mean is plain.
        Json::String(name) if name.is_empty() => Vec::new(),
        name => vec![name],
    };
    let mut names = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let name = item.as_str().unwrap_or_default();
        let path = format!("clear[{at}]");
        if !known.contains(&name) {
            let hint = did_you_mean(name, known.iter().copied());
            let cure = format!("must be one of {}{hint}", known.join(", "));
            reader.faults.add(path, cure);
        } else if given.iter().any(|field| field.name() == name) {
            reader.faults.add(
                path,
                format!("names {name}, which is given a value too; do one of them"),
            );
        } else {
            names.push(name.to_owned());
        }
    }
    names
}
