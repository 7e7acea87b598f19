use bytes::Bytes;
use http::Method;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use serde_json::Value as Json;

use super::{
    FieldViolation, Reading, query,
    reader::{Named, Reader},
    update_mask::{check_mask, is_written, mask_field, set_mask},
};
use crate::catalog::{Binding, Body, Dialect, Notes, Rpc, brief, dotted, is_well_known};

/// The parts of an HTTP request that fill a message.
#[derive(Debug, Default, Clone, Copy)]
pub struct HttpInput<'a> {
    /// The values of the path's variables, in the order of the template.
    pub path_values: &'a [String],
    /// The query parameters, decoded.
    pub query: &'a [(String, String)],
    /// The JSON body; absent if the request has none.
    pub body: Option<&'a Json>,
    /// The body as it is, for a route that takes a file; absent if the request has none.
    pub file: Option<File<'a>>,
    /// The etag of the header `If-Match`, without quotes.
    pub if_match: Option<&'a str>,
    /// The UUID of the header `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
}

/// A body that is not JSON.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its content type; empty if the request does not say.
    pub content_type: &'a str,
    /// Its bytes.
    pub data: &'a Bytes,
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
    read_http(notes, rpc, binding, input).complete()
}

/// Reads an HTTP request as far as it can be read.
pub fn read_http(notes: &Notes, rpc: &Rpc, binding: &Binding, input: HttpInput<'_>) -> Reading {
    let mut reader = Reader::new(notes, Dialect::Http);
    let mut message = DynamicMessage::new(rpc.method.input());
    let in_body = match (&binding.body, input.file) {
        (Body::File(field), Some(file)) => fill_file(&mut message, field, file),
        _ => fill_from_body(&mut reader, &mut message, binding, input.body),
    };
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
        let dotted = dotted(path);
        if in_body
            .of_request
            .iter()
            .any(|named| path.len() == 1 && named.field == *first)
        {
            reader
                .faults
                .add(dotted, "is part of the path; remove it from the body");
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
    for (header, field, value) in [
        ("If-Match", "etag", input.if_match),
        ("Idempotency-Key", "request_id", input.idempotency_key),
    ] {
        if let Some(value) = value {
            set_from_header(&mut reader, &mut message, header, field, value);
        }
    }
    if let Some(mask) = mask_field(&rpc.method.input()) {
        if message.has_field(&mask) {
            let updated = match &binding.body {
                Body::Field(field) => field.kind().as_message().cloned(),
                _ => Some(rpc.method.input()),
            };
            if let Some(updated) = updated {
                check_mask(&message, &mask, &updated, "", &mut reader.faults);
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
    reader.faults.of(message)
}

fn fill_file(message: &mut DynamicMessage, field: &FieldDescriptor, file: File<'_>) -> InBody {
    if let Value::Message(body) = message.get_field_mut(field) {
        body.set_field_by_name("content_type", Value::String(file.content_type.to_owned()));
        body.set_field_by_name("data", Value::Bytes(file.data.clone()));
    }
    let named = Named {
        field: field.clone(),
        absent: false,
        blank: false,
    };
    InBody {
        of_request: vec![named],
        of_resource: Vec::new(),
    }
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
        (Body::None | Body::File(_), _) => {
            reader.faults.add(
                "body",
                "must be empty; this call takes its values from the path and the query",
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
                    if !field.is_list() && !field.is_map() && !is_well_known(&inner) =>
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
                    blank: false,
                }],
                of_resource,
            }
        }
    }
}

/// Passes on what a header says about the call. A check that cannot be made must not look as if it had been.
fn set_from_header(
    reader: &mut Reader<'_>,
    message: &mut DynamicMessage,
    header: &str,
    field: &str,
    value: &str,
) {
    let descriptor = prost_reflect::ReflectMessage::descriptor(message);
    let field = descriptor
        .get_field_by_name(field)
        .filter(|field| field.kind() == Kind::String && reader.notes.field(field).call_control);
    let Some(field) = field else {
        let cure = "has no meaning for this call; remove the header";
        reader.faults.add(header, cure);
        return;
    };
    let given = message.get_field(&field);
    let given = given.as_str().unwrap_or_default();
    if !given.is_empty() && given != value {
        let cure = format!("differs from the header {header}; give one of them");
        reader.faults.add(field.name(), cure);
        return;
    }
    message.set_field(&field, Value::String(value.to_owned()));
}

/// Notes the required fields that are not given. What a given value must look like is the service's to say.
pub(super) fn require(reader: &mut Reader<'_>, rpc: &Rpc, given: &[FieldDescriptor]) {
    for field in rpc.method.input().fields() {
        let notes = reader.notes.field(&field);
        if notes.required && !given.contains(&field) {
            let description = format!("is required: {}", brief(&notes.comment));
            reader.faults.add(field.name(), description);
        }
    }
}
