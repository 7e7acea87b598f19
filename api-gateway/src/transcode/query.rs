use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use serde_json::Value as Json;

use service_runtime::suggestion::nearest;

use super::reader::Reader;
use crate::catalog::{Binding, Body, FieldPath, Rpc, dotted, field_path, is_well_known};

/// Deeper than this, nobody means a field by a misspelt name.
const SUGGESTED_DEPTH: usize = 4;

/// Fills a message from the query: `page_size=10&filter.state=OPEN&tag=a&tag=b`. Returns the request's fields that are named.
pub(super) fn fill(
    reader: &mut Reader<'_>,
    message: &mut DynamicMessage,
    rpc: &Rpc,
    binding: &Binding,
    query: &[(String, String)],
) -> Vec<FieldDescriptor> {
    let mut named: Vec<FieldPath> = Vec::new();
    for (name, text) in query {
        let Some(path) = field_path(&rpc.method.input(), name) else {
            unknown(reader, rpc, binding, name);
            continue;
        };
        let (Some(first), Some(last)) = (path.first(), path.last()) else {
            continue;
        };
        let dotted = dotted(&path);
        if let Err(cure) = may_stand_in_query(reader, binding, first) {
            reader.faults.add(dotted, cure);
            continue;
        }
        let again = named.contains(&path);
        if again && !last.is_list() {
            reader.faults.add(dotted, "is given twice; give it once");
            continue;
        }
        if let Some(value) = value(reader, last, text, &dotted) {
            set(message, &path, value);
        }
        if !again {
            named.push(path);
        }
    }
    named
        .iter()
        .filter_map(|path| path.first().cloned())
        .collect()
}

/// Reads the text of a path variable or a query parameter.
pub(super) fn value(
    reader: &mut Reader<'_>,
    field: &FieldDescriptor,
    text: &str,
    at: &str,
) -> Option<Value> {
    let kind = field.kind();
    let cure = match &kind {
        _ if field.is_map() => Some("is a map, which a query cannot hold"),
        Kind::Message(message) if !is_well_known(message) => {
            Some("is an object; write its fields as name.field=value")
        }
        _ => None,
    };
    if let Some(cure) = cure {
        reader.faults.add(at, cure);
        return None;
    }
    let json = match (is_flag(&kind), text) {
        (true, "true") => Json::Bool(true),
        (true, "false") => Json::Bool(false),
        _ => Json::from(text),
    };
    reader.value(&kind, &json, at)
}

/// Sets a field within nested messages, or adds to it if it is a list.
pub(super) fn set(message: &mut DynamicMessage, path: &[FieldDescriptor], value: Value) {
    match path {
        [] => {}
        [field] if field.is_list() => {
            if let Value::List(list) = message.get_field_mut(field) {
                list.push(value);
            }
        }
        [field] => message.set_field(field, value),
        [field, rest @ ..] => {
            if let Value::Message(inner) = message.get_field_mut(field) {
                set(inner, rest, value);
            }
        }
    }
}

fn is_flag(kind: &Kind) -> bool {
    let is_wrapper = |kind: &Kind| {
        kind.as_message()
            .is_some_and(|message| message.full_name() == "google.protobuf.BoolValue")
    };
    *kind == Kind::Bool || is_wrapper(kind)
}

/// What steers the call may stand in the query of any request; the rest only where no body takes it.
fn may_stand_in_query(
    reader: &Reader<'_>,
    binding: &Binding,
    field: &FieldDescriptor,
) -> Result<(), &'static str> {
    if binding.fills(field) {
        return Err("is part of the path; remove it from the query");
    }
    let steers = field.name() == "update_mask" || reader.notes.field(field).call_control;
    match &binding.body {
        Body::Whole if !steers => Err("belongs in the JSON body, not in the query"),
        Body::Field(body) if body == field => Err("belongs in the JSON body, not in the query"),
        Body::File(body) if body == field => Err("is the body of the request, not in the query"),
        _ => Ok(()),
    }
}

/// Collects the names under which a field, or the fields of the message in it, may be given.
fn add_leaves(field: &FieldDescriptor, name: String, depth: usize, names: &mut Vec<String>) {
    match field.kind() {
        Kind::Message(message) if !is_well_known(&message) => {
            if !field.is_list() && !field.is_map() && depth < SUGGESTED_DEPTH {
                for inner in message.fields() {
                    add_leaves(&inner, format!("{name}.{}", inner.name()), depth + 1, names);
                }
            }
        }
        _ => names.push(name),
    }
}

fn unknown(reader: &mut Reader<'_>, rpc: &Rpc, binding: &Binding, name: &str) {
    if reader.faults.is_full() {
        return;
    }
    let mut leaves = Vec::new();
    for field in rpc.method.input().fields() {
        if may_stand_in_query(reader, binding, &field).is_ok() {
            add_leaves(&field, field.name().to_owned(), 1, &mut leaves);
        }
    }
    let names: Vec<&str> = leaves.iter().map(String::as_str).collect();
    // Of filter.stat, only stat is likely to be misspelt.
    let (parent, last) = name.rsplit_once('.').map_or(("", name), |(_, last)| {
        (&name[..name.len() - last.len()], last)
    });
    let siblings = names.iter().filter_map(|name| name.strip_prefix(parent));
    let hint = match (nearest(last, siblings), names.as_slice()) {
        (Some(last), _) => format!("; did you mean {parent}{last}?"),
        (None, []) => "; this call takes none".to_owned(),
        (None, names) => format!("; known are {}", names.join(", ")),
    };
    reader
        .faults
        .add(name, format!("is not a known query parameter{hint}"));
}
