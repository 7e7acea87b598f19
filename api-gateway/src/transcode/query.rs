use std::sync::Arc;

use service_runtime::suggestion::nearest;

use super::{
    place::Place,
    reader::Reader,
    scalar::Given,
    wire::{LENGTH_DELIMITED, close, open, put_key, remove},
};
use crate::catalog::{Binding, Body, FieldPlan, Kind, Rpc, dotted};

/// Fills a message from the query: `page_size=10&filter.state=OPEN&tag=a&tag=b`. Returns the numbers of the request's fields that are
/// named.
pub(super) fn fill(
    reader: &mut Reader<'_>,
    rpc: &Rpc,
    binding: &Binding,
    query: &[(String, String)],
) -> Vec<u32> {
    let (mut named, mut given) = (Vec::new(), Vec::new());
    for (name, text) in query {
        let path = reader.plans.path(rpc.input, name).unwrap_or_default();
        let (Some(first), Some(last)) = (path.first(), path.last()) else {
            unknown(reader, rpc, binding, name);
            continue;
        };
        let dotted = dotted(&path);
        if let Err(cure) = may_stand_in_query(binding, first) {
            reader.violations.add(dotted, cure);
            continue;
        }
        let again = named.contains(&dotted);
        if again && !last.is_list {
            reader
                .violations
                .add(dotted, "is given twice; give it once");
            continue;
        }
        set(reader, &path, text, &dotted);
        given.push(first.number);
        named.push(dotted);
    }
    given
}

/// Reads the text of a path variable or a query parameter, and sets a field within nested messages, or adds to it if it is a list.
pub(super) fn set(reader: &mut Reader<'_>, path: &[Arc<FieldPlan>], text: &str, at: &str) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let given = match (last.kind == Kind::Bool, text) {
        (true, "true") => Given::Flag(true),
        (true, "false") => Given::Flag(false),
        _ => Given::Text(text),
    };
    let before = reader.message.len();
    let mut begins = Vec::new();
    for parent in parents {
        put_key(&mut reader.message, parent.number, LENGTH_DELIMITED);
        begins.push(open(&mut reader.message));
    }
    let put = match last.kind {
        Kind::Message(_) => Err("is an object; write its fields as name.field=value".to_owned()),
        _ => reader.put(last, given),
    };
    match put {
        Ok(()) => {
            for begin in begins.into_iter().rev() {
                close(&mut reader.message, begin);
            }
            if parents.is_empty() && matches!(last.kind, Kind::Timestamp | Kind::FieldMask) {
                let value = reader.message.split_off(before);
                remove(&mut reader.message, last.number);
                reader.message.extend(value);
            }
        }
        Err(cure) => {
            reader.message.truncate(before);
            reader.refuse(&Place::Body(at), cure);
        }
    }
}

/// What steers the call may stand in the query of any request; the rest only where no body takes it.
fn may_stand_in_query(binding: &Binding, field: &FieldPlan) -> Result<(), &'static str> {
    if binding.fills(field.number) {
        return Err("is part of the path; remove it from the query");
    }
    let steers = field.is_mask || field.call_control;
    match &binding.body {
        Body::Whole if !steers => Err("belongs in the JSON body, not in the query"),
        Body::Field(body) if body.number == field.number => {
            Err("belongs in the JSON body, not in the query")
        }
        Body::File(body) if body.number == field.number => {
            Err("is the body of the request, not in the query")
        }
        _ => Ok(()),
    }
}

fn unknown(reader: &mut Reader<'_>, rpc: &Rpc, binding: &Binding, name: &str) {
    if reader.violations.is_full() {
        return;
    }
    let mut leaves = Vec::new();
    for field in &reader.plans[rpc.input].fields {
        if may_stand_in_query(binding, field).is_ok() {
            let plans = reader.plans;
            plans.in_query(field, field.name.clone(), &mut leaves);
        }
    }
    let names: Vec<&str> = leaves.iter().map(|(name, _)| name.as_str()).collect();
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
        .violations
        .add(name, format!("is not a known query parameter{hint}"));
}
