use http::Method;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use serde_json::{Map, Value as Json};

use super::{
    FieldViolation, query,
    reader::{Named, Reader},
    suggestion::did_you_mean,
    update_mask::{check_mask, clearable_fields, is_written, mask_field, set_mask},
};
use crate::catalog::{Binding, Body, Dialect, Notes, Rpc};

/// The parts of an HTTP request that fill a message.
#[derive(Debug, Default, Clone, Copy)]
pub struct HttpInput<'a> {
    /// The values of the path's variables, in the order of the template.
    pub path_values: &'a [String],
    /// The query parameters, decoded.
    pub query: &'a [(String, String)],
    /// The JSON body; absent if the request has none.
    pub body: Option<&'a Json>,
    /// The etag of the header `If-Match`, without quotes.
    pub if_match: Option<&'a str>,
}

/// Builds the request message of an RPC from an HTTP request.
///
/// # Errors
///
/// Returns every fault, each with its field and the cure.
pub fn from_http(
    notes: &Notes,
    rpc: &Rpc,
    binding: &Binding,
    input: HttpInput<'_>,
) -> Result<DynamicMessage, Vec<FieldViolation>> {
    let mut reader = Reader::new(notes, Dialect::Http);
    let mut message = DynamicMessage::new(rpc.method.input());
    let in_body = fill_from_body(&mut reader, &mut message, binding, input.body);
    let mut given: Vec<FieldDescriptor> = in_body
        .of_request
        .iter()
        .filter(|named| !named.absent)
        .map(|named| named.field.clone())
        .collect();

    for (path, text) in binding.path_fields.iter().zip(input.path_values) {
        let (Some(first), Some(last)) = (path.first(), path.last()) else {
            continue;
        };
        let dotted = query::dotted(path);
        if in_body
            .of_request
            .iter()
            .any(|named| path.len() == 1 && named.field == *first)
        {
            reader
                .faults
                .add(dotted, "stands in the path; leave it out of the body");
        } else if let Some(value) = query::value(&mut reader, last, text, &dotted) {
            query::set(&mut message, path, value);
        }
        given.push(first.clone());
    }
    given.extend(query::fill(
        &mut reader,
        &mut message,
        rpc,
        binding,
        input.query,
    ));
    if let Some(etag) = input.if_match {
        set_etag(&mut reader, &mut message, etag);
    }
    if let Some(mask) = mask_field(&rpc.method.input()) {
        if message.has_field(&mask) {
            let updated = match &binding.body {
                Body::Field(field) => field.kind().as_message().cloned(),
                _ => Some(rpc.method.input()),
            };
            if let Some(updated) = updated {
                check_mask(&message, &mask, &updated, &mut reader.faults);
            }
        } else if binding.method == Method::PATCH {
            let written = in_body
                .of_resource
                .iter()
                .filter(|named| is_written(notes, Some(binding), &named.field));
            let names = written.map(|named| named.field.name().to_owned()).collect();
            set_mask(&mut message, &mask, names);
        }
    }
    require(&mut reader, rpc, &given);
    reader.faults.none(message)
}

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
    reader.faults.none(message)
}

/// The fields that a body names: of the request, and of what an update writes, which are the same unless the body is one field.
#[derive(Default)]
struct InBody {
    of_request: Vec<Named>,
    of_resource: Vec<Named>,
}

fn fill_from_body(
    reader: &mut Reader<'_>,
    message: &mut DynamicMessage,
    binding: &Binding,
    body: Option<&Json>,
) -> InBody {
    let Some(json) = body else {
        return InBody::default();
    };
    match (&binding.body, json) {
        (Body::None, _) => {
            reader.faults.add(
                "body",
                "must be empty: this call takes its values from the path and the query",
            );
            InBody::default()
        }
        (Body::Whole, Json::Object(object)) => {
            let named = reader.fill(message, object, "");
            InBody {
                of_resource: named.clone(),
                of_request: named,
            }
        }
        (Body::Whole, _) => {
            reader.faults.add("body", "must be a JSON object, in {}");
            InBody::default()
        }
        (Body::Field(field), json) => {
            let absent = json.is_null();
            let mut of_resource = Vec::new();
            match (field.kind(), json) {
                (Kind::Message(inner), Json::Object(object))
                    if !field.is_list()
                        && !field.is_map()
                        && !super::well_known::is_well_known(&inner) =>
                {
                    let mut value = DynamicMessage::new(inner);
                    of_resource = reader.fill(&mut value, object, field.name());
                    message.set_field(field, Value::Message(value));
                }
                _ => reader.set(message, field, json, ""),
            }
            InBody {
                of_request: vec![Named {
                    field: field.clone(),
                    absent,
                }],
                of_resource,
            }
        }
    }
}

/// Passes on the etag of `If-Match`. A check that cannot be made must not look as if it had been.
fn set_etag(reader: &mut Reader<'_>, message: &mut DynamicMessage, etag: &str) {
    let descriptor = prost_reflect::ReflectMessage::descriptor(message);
    let field = descriptor
        .get_field_by_name("etag")
        .filter(|field| field.kind() == Kind::String && reader.notes.field(field).call_control);
    let Some(field) = field else {
        reader.faults.add(
            "If-Match",
            "has no meaning for this call; leave the header out",
        );
        return;
    };
    let in_message = message
        .get_field(&field)
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if !in_message.is_empty() && in_message != etag {
        reader
            .faults
            .add("etag", "differs from the header If-Match; give one of them");
        return;
    }
    message.set_field(&field, Value::String(etag.to_owned()));
}

/// Notes the required fields that are not given. What a given value must look like is the service's to say.
fn require(reader: &mut Reader<'_>, rpc: &Rpc, given: &[FieldDescriptor]) {
    for field in rpc.method.input().fields() {
        let notes = reader.notes.field(&field);
        if notes.required && !given.contains(&field) {
            let description = format!("is required: {}", notes.comment);
            reader.faults.add(field.name(), description);
        }
    }
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
