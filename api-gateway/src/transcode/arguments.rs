use prost_reflect::{DynamicMessage, FieldDescriptor};
use serde_json::{Map, Value as Json};

use service_runtime::suggestion::did_you_mean;

use super::{
    FieldViolation, Reading,
    assemble::require,
    reader::{Named, Reader},
    update_mask::{clearable_fields, is_written, mask_field, refuse_blank, set_mask},
};
use crate::catalog::{Dialect, Notes, Rpc};

/// The argument of a tool that updates which names the fields to empty.
pub const CLEAR: &str = "clear";

/// Builds the request message of an RPC from the arguments of a tool call.
///
/// # Errors
///
/// Returns every fault, each with its argument and what to do about it.
pub fn from_arguments(
    notes: &Notes,
    rpc: &Rpc,
    arguments: &Map<String, Json>,
) -> Result<DynamicMessage, Vec<FieldViolation>> {
    read_arguments(notes, rpc, arguments).complete()
}

/// Reads the arguments of a tool call as far as they can be read.
pub fn read_arguments(notes: &Notes, rpc: &Rpc, arguments: &Map<String, Json>) -> Reading {
    let mut reader = Reader {
        redirects: rpc.tool.as_ref().map_or(&[], |tool| &tool.redirects),
        ..Reader::new(notes, Dialect::Tool)
    };
    let mut message = DynamicMessage::new(rpc.method.input());
    let clearable = clearable_fields(notes, rpc);
    let mut arguments = arguments.clone();
    let clear = match clearable.is_empty() {
        true => None,
        false => arguments.shift_remove(CLEAR),
    };
    let named = reader.fill(&mut message, &arguments, "");
    if let Some(mask) = mask_field(&rpc.method.input()) {
        if named.iter().any(|named| named.field == mask) {
            let description = "is not a known field; only the given fields are changed";
            reader.faults.add(mask.name(), description);
        }
        let names = changed(
            &mut reader,
            rpc,
            &clearable,
            &named,
            clear.unwrap_or_default(),
        );
        set_mask(&mut message, &mask, names);
    }
    let given = named.into_iter().filter(|named| !named.absent);
    let given: Vec<FieldDescriptor> = given.map(|named| named.field).collect();
    require(&mut reader, rpc, &given);
    reader.faults.of(message)
}

/// Returns the names of the fields that an update writes: those that are given a value, and those to empty.
fn changed(
    reader: &mut Reader<'_>,
    rpc: &Rpc,
    clearable: &[FieldDescriptor],
    named: &[Named],
    clear: Json,
) -> Vec<String> {
    let notes = reader.notes;
    let binding = rpc.bindings.first();
    let written =
        |field: &FieldDescriptor| is_written(notes, binding, field) && !notes.field(field).required;
    let (blank, given): (Vec<&Named>, Vec<&Named>) = named
        .iter()
        .filter(|named| written(&named.field) && (named.blank || !named.absent))
        .partition(|named| named.blank);
    let given: Vec<&str> = given.iter().map(|named| named.field.name()).collect();
    let cleared = cleared(reader, clearable, &given, clear);
    for named in blank {
        if !cleared.iter().any(|name| name == named.field.name()) {
            let can_clear = clearable.contains(&named.field);
            refuse_blank(&mut reader.faults, &named.field, can_clear, "");
        }
    }
    if given.is_empty() && cleared.is_empty() && reader.faults.is_empty() {
        let input = rpc.method.input();
        let fields = input
            .fields()
            .filter(|field| written(field) && !notes.field(field).tool_hidden);
        let fields: Vec<String> = fields.map(|field| field.name().to_owned()).collect();
        let description = format!(
            "is empty, and no other argument changes anything; give one of {}, or list the fields to clear here",
            fields.join(", ")
        );
        reader.faults.add(CLEAR, description);
    }
    given
        .into_iter()
        .map(str::to_owned)
        .chain(cleared)
        .collect()
}

/// Returns the names of the fields to empty.
fn cleared(
    reader: &mut Reader<'_>,
    clearable: &[FieldDescriptor],
    given: &[&str],
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
        if reader.faults.is_full() {
            break;
        }
        let name = item.as_str().unwrap_or_default();
        let path = format!("{CLEAR}[{at}]");
        if !known.contains(&name) {
            let hint = did_you_mean(name, known.iter().copied());
            let description = format!("must be one of {}{hint}", known.join(", "));
            reader.faults.add(path, description);
        } else if given.contains(&name) {
            reader.faults.add(
                path,
                format!("lists {name}, which also has a value; do only one of them"),
            );
        } else {
            names.push(name.to_owned());
        }
    }
    names
}
