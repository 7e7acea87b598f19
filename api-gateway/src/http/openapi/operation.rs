use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::catalog::{Binding, Body, Catalog, Rpc, Schema, SchemaWriter, typed};

/// Deeper than this, a field of a nested message is not offered as a query parameter.
const QUERY_DEPTH: usize = 4;

/// Writes the operation of one route.
pub(super) fn operation(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
    at: usize,
) -> Value {
    let service = rpc.method.parent_service();
    let suffix = if at == 0 {
        String::new()
    } else {
        format!("_{}", at + 1)
    };
    let summary = rpc
        .description
        .split_inclusive(['.', ':', ';'])
        .next()
        .unwrap_or_default();
    let answer = match &binding.response_body {
        Some(field) => Value::from(writer.shape(field)),
        None => {
            let output = rpc.method.output();
            writer.refer(output.full_name(), &Kind::Message(output.clone()))
        }
    };
    let mut operation = json!({
        "operationId": format!("{}_{}{suffix}", service.name(), rpc.method.name()),
        "tags": [service.name()],
        "summary": summary.trim_end_matches(['.', ':', ';']),
        "description": rpc.description,
        "parameters": parameters(catalog, writer, rpc, binding),
    });
    if let Some(body) = request_body(catalog, writer, rpc, binding) {
        operation["requestBody"] = body;
    }
    operation["responses"] = json!({
        "200": {
            "description": "Done.",
            "content": {"application/json": {"schema": answer}},
        },
        "default": {"$ref": "#/components/responses/Error"},
    });
    operation
}

fn parameters(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
) -> Vec<Value> {
    let mut parameters = Vec::new();
    for path in &binding.path_fields {
        if let Some(field) = path.last() {
            let names: Vec<&str> = path.iter().map(FieldDescriptor::name).collect();
            parameters.push(parameter(catalog, writer, field, &names.join("."), "path"));
        }
    }
    let input = rpc.method.input();
    let in_query: Vec<FieldDescriptor> = match &binding.body {
        Body::Whole => Vec::new(),
        body => input
            .fields()
            .filter(|field| !binding.fills(field))
            .filter(|field| !matches!(body, Body::Field(body) if body == field))
            .collect(),
    };
    for field in in_query {
        query_parameters(catalog, writer, &field, field.name(), 1, &mut parameters);
    }
    let etag = input.get_field_by_name("etag");
    if etag.is_some_and(|field| catalog.notes.field(&field).call_control) {
        parameters.push(json!({"$ref": "#/components/parameters/IfMatch"}));
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
    let own_form = field.is_map() || message.full_name().starts_with("google.protobuf.");
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

fn request_body(
    catalog: &Catalog,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
) -> Option<Value> {
    let (schema, example, required) = match &binding.body {
        Body::None => return None,
        Body::Field(field) => (
            writer.field(field),
            Map::new(),
            catalog.notes.field(field).required,
        ),
        Body::Whole => {
            let input = rpc.method.input();
            let mut schema = writer.message(&input, |field| !binding.fills(field));
            schema.insert("additionalProperties".to_owned(), false.into());
            if binding.method == http::Method::PATCH {
                allow_null(&mut schema);
            }
            let required = schema.contains_key("required");
            (schema, example(catalog, &input, binding), required)
        }
    };
    let mut content = json!({"schema": schema});
    if !example.is_empty() {
        content["example"] = example.into();
    }
    Some(json!({"required": required, "content": {"application/json": content}}))
}

/// In a PATCH, null empties a field.
fn allow_null(schema: &mut Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        let Some(property) = property.as_object_mut() else {
            continue;
        };
        if let Some(kind) = property.get_mut("type") {
            *kind = json!([kind.clone(), "null"]);
        } else if let Some(reference) = property.shift_remove("$ref") {
            property.insert(
                "anyOf".to_owned(),
                json!([{"$ref": reference}, {"type": "null"}]),
            );
        }
    }
}

fn example(catalog: &Catalog, input: &MessageDescriptor, binding: &Binding) -> Schema {
    let fields = input.fields().filter(|field| !binding.fills(field));
    fields
        .filter_map(|field| {
            let example = catalog.notes.field(&field).example.as_ref()?;
            Some((field.name().to_owned(), typed(&field, example)))
        })
        .collect()
}

/// Returns the path as OpenAPI writes it: without the patterns of variables.
pub(super) fn plain_path(binding: &Binding) -> String {
    let mut path = String::new();
    let mut in_pattern = false;
    for letter in binding.path().chars() {
        match letter {
            '=' => in_pattern = true,
            '}' => in_pattern = false,
            _ => {}
        }
        if !in_pattern {
            path.push(letter);
        }
    }
    path
}
