use serde_json::{Value, json};

use super::{
    content::{answer, request_body},
    parameters::parameters,
};
use crate::catalog::{Binding, Plans, Rpc, SchemaWriter};

/// Writes the operation of one route.
pub(super) fn operation(
    plans: &Plans,
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
    let mut operation = json!({
        "operationId": format!("{}_{}{suffix}", service.name(), rpc.method.name()),
        "tags": [service.name()],
        "summary": summary.trim_end_matches(['.', ':', ';']),
        "description": rpc.description,
        "parameters": parameters(plans, writer, rpc, binding),
    });
    if let Some(body) = request_body(plans, writer, rpc, binding) {
        operation["requestBody"] = body;
    }
    operation["responses"] = json!({
        "200": answer(writer, rpc, binding),
        "default": {"$ref": "#/components/responses/Error"},
    });
    operation
}

/// Returns the path as OpenAPI writes it: without the patterns of variables.
pub(in crate::http) fn plain_path(binding: &Binding) -> String {
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
