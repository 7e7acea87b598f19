use serde_json::{Value, json};

use crate::catalog::{Binding, Body, FieldPlan, Plans, Rpc, SchemaWriter, dotted, typed};

/// Writes the parameters of one route: path, query and headers.
pub(super) fn parameters(
    plans: &Plans,
    writer: &mut SchemaWriter<'_>,
    rpc: &Rpc,
    binding: &Binding,
) -> Vec<Value> {
    writer.for_requests(true);
    let mut parameters = Vec::new();
    for path in &binding.path_fields {
        if let Some(field) = path.last() {
            parameters.push(parameter(writer, field, &dotted(path), "path"));
        }
    }
    let input = &plans[rpc.input];
    let mut in_query = Vec::new();
    for field in &input.fields {
        let in_body = match &binding.body {
            Body::None => false,
            Body::Whole => true,
            Body::Field(body) | Body::File(body) => body.number == field.number,
        };
        if !in_body && !binding.fills(field.number) {
            plans.in_query(field, field.name.clone(), &mut in_query);
        }
    }
    for (name, field) in in_query {
        parameters.push(parameter(writer, field, &name, "query"));
    }
    for (field, name) in [("etag", "IfMatch"), ("request_id", "IdempotencyKey")] {
        if input.field(field).is_some_and(|field| field.call_control) {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        }
    }
    parameters.push(json!({"$ref": "#/components/parameters/GrpcTimeout"}));
    parameters
}

fn parameter(writer: &mut SchemaWriter<'_>, field: &FieldPlan, name: &str, place: &str) -> Value {
    let mut parameter = json!({
        "name": name,
        "in": place,
        "description": field.comment,
        "schema": writer.shape(field),
    });
    if place == "path" || field.required {
        parameter["required"] = true.into();
    }
    if let Some(example) = &field.example {
        parameter["example"] = typed(field, example);
    }
    parameter
}
