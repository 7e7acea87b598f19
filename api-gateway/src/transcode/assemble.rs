use bytes::Bytes;
use http::Method;

use super::{
    JsonFault, Reading,
    place::Place,
    query,
    reader::{Named, Read, Reader},
    target::Target,
    update_mask::{check_mask, is_written, mask_in, put_mask},
    wire::{LENGTH_DELIMITED, close, open, put_bytes, put_key, text_field},
};
use crate::catalog::{Binding, Body, Dialect, Kind, MessagePlan, Plans, Rpc, brief, dotted};

/// The parts of an HTTP request that fill a message.
#[derive(Debug, Default, Clone, Copy)]
pub struct HttpInput<'a> {
    /// The values of the path's variables, in the order of the template.
    pub path_values: &'a [String],
    /// The query parameters, decoded.
    pub query: &'a [(String, String)],
    /// The JSON text of the body; absent if the request has none.
    pub body: Option<&'a [u8]>,
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

/// Reads an HTTP request as far as it can be read.
///
/// # Errors
///
/// Fails if the body is not JSON that the gateway takes.
pub fn read_http(
    plans: &Plans,
    rpc: &Rpc,
    binding: &Binding,
    input: HttpInput<'_>,
) -> Result<Reading, JsonFault> {
    let plan = &plans[rpc.input];
    let mut reader = Reader::new(plans, Dialect::Http);
    let in_body = read_body(&mut reader, rpc, binding, input)?;
    let in_resource = std::mem::take(&mut reader.named);
    let mut given = given_numbers(&in_body);

    for (path, text) in binding.path_fields.iter().zip(input.path_values) {
        let Some(first) = path.first() else {
            continue;
        };
        let dotted = dotted(path);
        let is_first = |(field, _): &Named<'_>| field.number == first.number;
        if path.len() == 1 && in_body.iter().any(is_first) {
            let description = "is part of the path; remove it from the body";
            reader.violations.add(dotted, description);
        } else {
            query::set(&mut reader, path, text, &dotted);
        }
        given.push(first.number);
    }
    given.extend(query::fill(&mut reader, rpc, binding, input.query));
    for (header, field, value) in [
        ("If-Match", "etag", input.if_match),
        ("Idempotency-Key", "request_id", input.idempotency_key),
    ] {
        if let Some(value) = value {
            set_from_header(&mut reader, plan, header, field, value);
        }
    }
    if let Some(mask) = &plan.update_mask {
        let (updated, binding_of_updated) = match &binding.body {
            Body::Field(field) => match field.kind {
                Kind::Message(inner) => (Some(&plans[inner]), None),
                _ => (None, None),
            },
            _ => (Some(plan), Some(binding)),
        };
        match (mask_in(&reader.message, mask), updated) {
            (Some(paths), Some(updated)) => {
                check_mask(&paths, mask, updated, "", &mut reader.violations);
            }
            (None, _) if binding.method == Method::PATCH => {
                let named = in_resource.iter().map(|(field, _)| field);
                let written = named.filter(|field| is_written(binding_of_updated, field));
                let names = written.map(|field| field.name.clone()).collect();
                put_mask(&mut reader.message, mask, names);
            }
            _ => {}
        }
    }
    require(&mut reader, plan, &given);
    Ok(reader.finish())
}

/// Reads a body and returns the fields of the request that it names.
fn read_body<'a>(
    reader: &mut Reader<'a>,
    rpc: &Rpc,
    binding: &'a Binding,
    input: HttpInput<'_>,
) -> Result<Vec<Named<'a>>, JsonFault> {
    if let (Body::File(field), Some(file)) = (&binding.body, input.file) {
        put_file(&mut reader.message, field.number, file);
        return Ok(vec![(field, Read::default())]);
    }
    let Some(text) = input.body else {
        return Ok(Vec::new());
    };
    match &binding.body {
        Body::None | Body::File(_) => {
            reader.text(text, Target::Ignored, &Place::Body(""))?;
            let description =
                "must be empty; this call takes its values from the path and the query";
            reader.violations.add("body", description);
            Ok(Vec::new())
        }
        Body::Whole => {
            reader.text(text, Target::Request(rpc.input), &Place::Body(""))?;
            Ok(reader.named.clone())
        }
        Body::Field(field) => {
            let target = Target::Field(field, None);
            let read = reader.text(text, target, &Place::Body(&field.name))?;
            Ok(vec![(field, read)])
        }
    }
}

/// Returns the numbers of the fields that are given.
pub(super) fn given_numbers(named: &[Named<'_>]) -> Vec<u32> {
    let given = named.iter().filter(|(_, read)| !read.is_absent);
    given.map(|(field, _)| field.number).collect()
}

/// Appends a `google.api.HttpBody`.
fn put_file(message: &mut Vec<u8>, number: u32, file: File<'_>) {
    put_key(message, number, LENGTH_DELIMITED);
    let begin = open(message);
    put_bytes(message, 1, file.content_type.as_bytes());
    put_bytes(message, 2, file.data);
    close(message, begin);
}

/// Passes on what a header says about the call. A check that cannot be made must not look as if it had been.
fn set_from_header(
    reader: &mut Reader<'_>,
    plan: &MessagePlan,
    header: &str,
    field: &str,
    value: &str,
) {
    let field = plan
        .field(field)
        .filter(|field| field.kind == Kind::String && field.call_control);
    let Some(field) = field else {
        let cure = "has no meaning for this call; remove the header";
        reader.violations.add(header, cure);
        return;
    };
    let given = text_field(&reader.message, field.number);
    if !given.is_empty() && given != value {
        let cure = format!("differs from the header {header}; give one of them");
        reader.violations.add(&field.name, cure);
        return;
    }
    put_bytes(&mut reader.message, field.number, value.as_bytes());
}

/// Notes the required fields that are not given. What a given value must look like is the service's to say.
pub(super) fn require(reader: &mut Reader<'_>, plan: &MessagePlan, given: &[u32]) {
    for field in &plan.fields {
        if field.required && !given.contains(&field.number) {
            let description = format!("is required: {}", brief(&field.comment));
            reader.violations.add(&field.name, description);
        }
    }
}
