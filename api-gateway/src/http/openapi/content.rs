use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::catalog::{Binding, Body, FieldPlan, Kind, Plans, Rpc, Schema, SchemaWriter, typed};

const STREAM: &str = "A stream: one message per line (NDJSON), or one message per event (server-sent events) if the header \
    `Accept` names text/event-stream. If the stream fails, its last line, or its last event, of the type `error`, is \
    `{\"error\": …}` with the error in the usual format.";
const FILE: &str = "The file, with its own content type.";
const FILE_STREAM: &str = "The file, with its own content type, streamed while it is written; if writing fails, the connection is closed.";

/// Writes what a route answers with.
pub(super) fn answer(writer: &mut SchemaWriter<'_>, rpc: &Rpc, binding: &Binding) -> Value {
    writer.for_requests(false);
    if binding.answers_with_file {
        let description = if rpc.streams { FILE_STREAM } else { FILE };
        return json!({"description": description, "content": files(&rpc.answer_media_types)});
    }
    let schema = match &binding.response_body {
        Some(field) => Value::from(writer.shape(field)),
        None => writer.refer(&Kind::Message(rpc.output)),
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
    plans: &Plans,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
) -> Option<Value> {
    writer.for_requests(true);
    let (schema, example, required) = match &binding.body {
        Body::None => return None,
        Body::File(field) => {
            return Some(json!({
                "description": field.comment,
                "required": field.required,
                "content": files(&field.media_types),
            }));
        }
        Body::Field(field) => (writer.field(field), Map::new(), field.required),
        Body::Whole => {
            let schema = writer.message(rpc.input, |field| !binding.fills(field.number));
            // An update that names nothing to change is refused.
            let is_update = binding.method == http::Method::PATCH;
            let required = is_update || schema.contains_key("required");
            (schema, example(plans, rpc, binding), required)
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
pub(in crate::http) fn example(plans: &Plans, rpc: &Rpc, binding: &Binding) -> Schema {
    let fields = plans[rpc.input].fields.iter();
    examples(plans, fields.filter(|field| !binding.fills(field.number)))
}

fn examples<'a>(plans: &Plans, fields: impl Iterator<Item = &'a Arc<FieldPlan>>) -> Schema {
    let shown = fields.filter_map(|field| Some((field.name.clone(), field_example(plans, field)?)));
    shown.collect()
}

/// A message that must be given is shown with the examples of its own fields.
fn field_example(plans: &Plans, field: &FieldPlan) -> Option<Value> {
    if let Some(example) = &field.example {
        return Some(typed(field, example));
    }
    let inner = match field.kind {
        Kind::Message(inner) if field.required => examples(plans, plans[inner].fields.iter()),
        _ => return None,
    };
    match (inner.is_empty(), field.is_list) {
        (true, _) => None,
        (false, true) => Some(json!([inner])),
        (false, false) => Some(inner.into()),
    }
}
