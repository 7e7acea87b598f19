use serde::de::value::MapDeserializer;
use serde_json::{Map, Value as Json};

use service_runtime::suggestion::did_you_mean;

use super::{
    Reading,
    assemble::{given_numbers, require},
    place::Place,
    reader::{Named, Reader},
    update_mask::{clearable_fields, is_written, put_mask, refuse_blank},
};
use crate::catalog::{Dialect, FieldPlan, Plans, Rpc};

/// The argument of a tool that updates which names the fields to empty.
pub const CLEAR: &str = "clear";

/// Reads the arguments of a tool call as far as they can be read.
pub fn read_arguments(plans: &Plans, rpc: &Rpc, arguments: &Map<String, Json>) -> Reading {
    let plan = &plans[rpc.input];
    let mut reader = Reader::new(plans, Dialect::Tool);
    reader.redirects = rpc.tool.as_ref().map_or(&[], |tool| &tool.redirects);
    let clearable = clearable_fields(plans, rpc);
    let clear = arguments.get(CLEAR).filter(|_| !clearable.is_empty());
    let others = arguments
        .iter()
        .filter(|(name, _)| clear.is_none() || *name != CLEAR);
    let others = others.map(|(name, value)| (name.as_str(), value));
    let entries = MapDeserializer::<_, serde_json::Error>::new(others);
    // The endpoint has held the text to its limits, so no fault can end the reading.
    let named = reader
        .fill(plan, entries, &Place::Body(""))
        .unwrap_or_default();
    if let Some(mask) = &plan.update_mask {
        if named.iter().any(|(field, _)| field.is_mask) {
            let description = "is not a known field; only the given fields are changed";
            reader.violations.add(&mask.name, description);
        }
        let names = changed(&mut reader, rpc, &clearable, &named, clear);
        put_mask(&mut reader.message, mask, names);
    }
    require(&mut reader, plan, &given_numbers(&named));
    reader.finish()
}

/// Returns the names of the fields that an update writes: those that are given a value, and those to empty.
fn changed(
    reader: &mut Reader<'_>,
    rpc: &Rpc,
    clearable: &[&FieldPlan],
    named: &[Named<'_>],
    clear: Option<&Json>,
) -> Vec<String> {
    let binding = rpc.bindings.first();
    let written = |field: &FieldPlan| is_written(binding, field) && !field.required;
    let named = named.iter().filter(|(field, _)| written(field));
    let (blank, given): (Vec<_>, Vec<_>) = named
        .filter(|(_, read)| read.is_blank || !read.is_absent)
        .partition(|(_, read)| read.is_blank);
    let given: Vec<&str> = given.iter().map(|(field, _)| field.name.as_str()).collect();
    let cleared = cleared(reader, clearable, &given, clear);
    for (field, _) in blank {
        if !cleared.contains(&field.name) {
            let can_clear = clearable.iter().any(|other| other.number == field.number);
            let path = field.name.clone();
            refuse_blank(&mut reader.violations, field, can_clear, path);
        }
    }
    if given.is_empty() && cleared.is_empty() && reader.violations.0.is_empty() {
        let fields = reader.plans[rpc.input].fields.iter();
        let fields = fields.filter(|field| written(field) && !field.tool_hidden);
        let fields: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
        let description = format!(
            "is empty, and no other argument changes anything; give one of {}, or list the fields to clear here",
            fields.join(", ")
        );
        reader.violations.add(CLEAR, description);
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
    clearable: &[&FieldPlan],
    given: &[&str],
    clear: Option<&Json>,
) -> Vec<String> {
    let known: Vec<&str> = clearable.iter().map(|field| field.name.as_str()).collect();
    let items = match clear {
        None | Some(Json::Null) => &[],
        Some(Json::Array(items)) => items.as_slice(),
        // Models give a single name without its list now and then; what they mean is plain.
        Some(Json::String(name)) if name.is_empty() => &[],
        Some(name) => std::slice::from_ref(name),
    };
    let mut names = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if reader.violations.is_full() {
            break;
        }
        let name = item.as_str().unwrap_or_default();
        let path = format!("{CLEAR}[{at}]");
        if !known.contains(&name) {
            let hint = did_you_mean(name, known.iter().copied());
            let description = format!("must be one of {}{hint}", known.join(", "));
            reader.violations.add(path, description);
        } else if given.contains(&name) {
            reader.violations.add(
                path,
                format!("lists {name}, which also has a value; do only one of them"),
            );
        } else {
            names.push(name.to_owned());
        }
    }
    names
}
