use prost_reflect::{FieldDescriptor, MessageDescriptor};
use serde_json::{Value, json};

use crate::catalog::{Binding, Body, Catalog, Rpc, SchemaWriter, dotted, is_well_known, typed};

/// Deeper than this, a field of a nested message is not offered as a query parameter.
const QUERY_DEPTH: usize = 4;

/// Writes the parameters of one route: path, query and headers.
pub(super) fn parameters(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
) -> Vec<Value> {
    writer.for_requests(true);
    let mut parameters = Vec::new();
    for path in &binding.path_fields {
        if let Some(field) = path.last() {
            parameters.push(parameter(catalog, writer, field, &dotted(path), "path"));
        }
    }
    let input = rpc.method.input();
    let in_query: Vec<FieldDescriptor> = match &binding.body {
        Body::Whole => Vec::new(),
        body => input
            .fields()
            .filter(|field| !binding.fills(field.number()))
            .filter(|field| !matches!(body, Body::Field(body) | Body::File(body) if body == field))
            .collect(),
    };
    for field in in_query {
        query_parameters(catalog, writer, &field, field.name(), 1, &mut parameters);
    }
    for (field, name) in [("etag", "IfMatch"), ("request_id", "IdempotencyKey")] {
        let field = input.get_field_by_name(field);
        if field.is_some_and(|field| catalog.notes.field(&field).call_control) {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        }
    }
    parameters.push(json!({"$ref": "#/components/parameters/GrpcTimeout"}));
    parameters
}

fn query_parameters(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    field: &FieldDescriptor,
    name: &str,
    depth: usize,
    parameters: &mut Vec<Value>,
) {
    match nested(field) {
        None if field.is_map() => {}
        None => parameters.push(parameter(catalog, writer, field, name, "query")),
        Some(_) if field.is_list() || depth == QUERY_DEPTH => {}
        Some(message) => {
            for inner in message.fields() {
                let name = format!("{name}.{}", inner.name());
                query_parameters(catalog, writer, &inner, &name, depth + 1, parameters);
            }
        }
    }
}

/// Returns the message that a field holds, unless it has a JSON form of its own.
fn nested(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let kind = field.kind();
    let message = kind.as_message()?;
    let own_form = field.is_map() || is_well_known(message);
    (!own_form).then(|| message.clone())
}

fn parameter(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    field: &FieldDescriptor,
    name: &str,
    place: &str,
) -> Value {
    let notes = catalog.notes.field(field);
    let mut parameter = json!({
        "name": name,
        "in": place,
        "description": notes.comment,
        "schema": writer.shape(field),
    });
    if place == "path" || notes.required {
        parameter["required"] = true.into();
    }
    if let Some(example) = &notes.example {
        parameter["example"] = typed(field, example);
    }
    parameter
}
