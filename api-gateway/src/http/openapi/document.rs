use serde_json::{Value, json};
use url::Url;

use super::{
    error_schema::error_schema,
    live_ticket::{describe_live, ticket_operation, ticket_scheme},
    names::{ERROR, schema_names},
    operation::{operation, plain_path},
};
use crate::{
    catalog::{Catalog, Schema, SchemaTarget, SchemaWriter},
    tickets,
};

/// Writes the OpenAPI 3.1 document of all routes.
pub fn openapi(catalog: &Catalog, public_url: &Url) -> Value {
    let writer = SchemaWriter::new(&catalog.plans, SchemaTarget::OpenApi);
    let mut writer = writer.of_catalog(catalog, schema_names(catalog));
    let mut paths = Schema::new();
    let mut tags: Vec<Value> = Vec::new();
    for rpc in &catalog.rpcs {
        let service = rpc.method.parent_service();
        let tag = json!({
            "name": service.name(),
            "description": catalog.service_comment(rpc),
        });
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        for (at, binding) in rpc.bindings.iter().enumerate() {
            let mut operation = operation(&catalog.plans, &mut writer, rpc, binding, at);
            let path = plain_path(binding);
            if rpc.live.is_some() {
                describe_live(&mut operation);
                let tickets_path = format!("{path}{}", tickets::SEGMENT);
                paths.insert(tickets_path, json!({"post": ticket_operation(rpc)}));
            }
            let path = paths.entry(path).or_insert_with(|| json!({}));
            path[binding.method.as_str().to_lowercase()] = operation;
        }
    }
    let mut schemas = writer.components();
    schemas.insert(writer.name(ERROR), error_schema());
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "Taskmesh",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url.as_str().trim_end_matches('/')}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Error": {
                "description": "Error. `details` always contains an ErrorInfo with a machine-readable reason; for an invalid request also a BadRequest that names the fields.",
                "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{}", writer.name(ERROR))}}},
            }},
            "parameters": {
                "IfMatch": {
                    "name": "If-Match", "in": "header",
                    "schema": {"type": "string", "pattern": "^(W/)?(\"[^\",]+\"|[^\",]+)$"},
                    "description": "The etag from the last read, in quotes; if it has changed since, the response is 412 and nothing changes.",
                },
                "IdempotencyKey": {
                    "name": "Idempotency-Key", "in": "header",
                    "schema": {"type": "string", "format": "uuid"},
                    "description": "A UUID of this call, with or without quotes; replaces the field request_id. A retry with the same key has no further effect and returns the first response.",
                    "example": "0198c0de-0000-7000-8000-000000000001",
                },
                "GrpcTimeout": {
                    "name": "grpc-timeout", "in": "header",
                    "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,7}[HMSmun]$"},
                    "description": "Timeout of the call, such as 500m for 500 milliseconds or 5S for 5 seconds.",
                },
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "Token of the user; its subject is the user whose data the call concerns.",
                },
                "ticket": ticket_scheme(),
            },
        },
    })
}

/// What holds for every call.
pub(in crate::http) const INTRODUCTION: &str = "JSON over HTTP for the services of Taskmesh. Fields are in snake_case (requests may use camelCase), enum \
    values are full names (requests may use the short word, such as high for PRIORITY_HIGH), 64-bit integers are strings, and \
    times are RFC 3339 with an offset. Responses contain every field that is not optional; an unknown field or parameter in a \
    request is an error. A PATCH changes only the fields that are present; null clears a field.";
