use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::{
    catalog::{Binding, Body, Catalog, Notes, Rpc, Schema, SchemaWriter, typed},
    http::reply::answers_with_file,
};

const STREAM: &str = "A stream: one message per line (NDJSON), or one message per event (server-sent events) if the header \
    `Accept` names text/event-stream. If the stream fails, its last line, or its last event, of the type `error`, is \
    `{\"error\": …}` with the error in the usual format.";
const FILE: &str = "The file, with its own content type.";
const FILE_STREAM: &str = "The file, with its own content type, streamed while it is written; if writing fails, the connection is closed.";

/// Writes what a route answers with.
pub(super) fn answer(writer: &mut SchemaWriter<'_>, rpc: &Rpc, binding: &Binding) -> Value {
    writer.for_requests(false);
    let output = rpc.method.output();
    if answers_with_file(&output, binding) {
        let description = if rpc.streams { FILE_STREAM } else { FILE };
        return json!({"description": description, "content": files(&rpc.answer_media_types)});
    }
    let schema = match &binding.response_body {
        Some(field) => Value::from(writer.shape(field)),
        None => writer.refer(output.full_name(), &Kind::Message(output.clone())),
    };
    match rpc.streams {
        false => json!({
            "description": "Success.",
            "content": {"application/json": {"schema": schema}},
        }),
        true => json!({
            "description": STREAM,
            "content": {
                "application/x-ndjson": {"schema": schema},
                "text/event-stream": {"schema": {"type": "string"}},
            },
        }),
    }
}

/// Writes what the body of a request holds; nothing if it has none.
pub(super) fn request_body(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
) -> Option<Value> {
    writer.for_requests(true);
    let (schema, example, required) = match &binding.body {
        Body::None => return None,
        Body::File(field) => {
            let notes = catalog.notes.field(field);
            return Some(json!({
                "description": notes.comment,
                "required": notes.required,
                "content": files(&notes.media_types),
            }));
        }
        Body::Field(field) => (
            writer.field(field),
            Map::new(),
            catalog.notes.field(field).required,
        ),
        Body::Whole => {
            let input = rpc.method.input();
            let schema = writer.message(&input, |field| !binding.fills(field.number()));
            // An update that names nothing to change is refused.
            let is_update = binding.method == http::Method::PATCH;
            let required = is_update || schema.contains_key("required");
            (schema, example(&catalog.notes, &input, binding), required)
        }
    };
    let mut content = json!({"schema": schema});
    if !example.is_empty() {
        content["example"] = example.into();
    }
    Some(json!({"required": required, "content": {"application/json": content}}))
}

/// Writes files of the given media types, or of any.
fn files(media_types: &[String]) -> Value {
    if media_types.is_empty() {
        return json!({"*/*": {}});
    }
    let content = media_types.iter().map(|media_type| {
        let schema = match media_type.as_str() {
            "application/octet-stream" => json!({"type": "string", "format": "binary"}),
            _ => json!({"type": "string"}),
        };
        (media_type.clone(), json!({"schema": schema}))
    });
    Value::Object(content.collect())
}

/// Returns the examples of the fields that the path does not fill.
pub(in crate::http) fn example(
    notes: &Notes,
    input: &MessageDescriptor,
    binding: &Binding,
) -> Schema {
    examples(
        notes,
        input
            .fields()
            .filter(|field| !binding.fills(field.number())),
    )
}

fn examples(notes: &Notes, fields: impl Iterator<Item = FieldDescriptor>) -> Schema {
    let shown = fields.filter_map(|field| {
        let value = field_example(notes, &field)?;
        Some((field.name().to_owned(), value))
    });
    shown.collect()
}

/// A message that must be given is shown with the examples of its own fields.
fn field_example(notes: &Notes, field: &FieldDescriptor) -> Option<Value> {
    let field_notes = notes.field(field);
    if let Some(example) = &field_notes.example {
        return Some(typed(field, example));
    }
    match field.kind() {
        Kind::Message(inner) if field_notes.required && !field.is_map() => {
            let value = Value::Object(examples(notes, inner.fields()));
            let is_empty = value.as_object().is_some_and(Map::is_empty);
            let value = if field.is_list() {
                json!([value])
            } else {
                value
            };
            (!is_empty).then_some(value)
        }
        _ => None,
    }
}
