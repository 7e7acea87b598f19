//! The OpenAPI document of the contract.

use std::collections::HashSet;

use crate::support::fixture::{CONTRACT, LIBRARY};
use api_gateway::{catalog::Catalog, http::openapi};
use serde_json::{Value, json};

fn document(catalog: &Catalog) -> Value {
    openapi(catalog, &"https://tasks.example.com/".parse().unwrap())
}

#[test]
fn the_document_of_the_contract_is_this() {
    insta::assert_json_snapshot!(document(&CONTRACT));
}

/// The schema that the OpenAPI Initiative publishes, applied to the document and, with the dialect of OpenAPI, to every
/// schema in it.
fn validator() -> jsonschema::Validator {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let resources = [
        read(include_str!("../openapi_schema/schema.json")),
        read(include_str!("../openapi_schema/dialect-base.json")),
        read(include_str!("../openapi_schema/meta-base.json")),
    ];
    let base = json!({
        "$id": "https://spec.openapis.org/oas/3.1/schema-base/2022-10-07",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "https://spec.openapis.org/oas/3.1/schema/2022-10-07",
        "$defs": {"schema": {
            "$dynamicAnchor": "meta",
            "$ref": "https://spec.openapis.org/oas/3.1/dialect/base",
        }},
    });
    let mut options = jsonschema::draft202012::options();
    for resource in resources {
        let id = resource["$id"].as_str().unwrap().to_owned();
        let resource = jsonschema::Resource::from_contents(resource);
        options = options.with_resource(id, resource);
    }
    options.build(&base).unwrap()
}

fn faults(document: &Value) -> Vec<String> {
    let validator = validator();
    let faults = validator.iter_errors(document);
    let line = |fault: jsonschema::ValidationError<'_>| {
        format!("{}: {}", fault.instance_path(), fault.masked())
    };
    faults.map(line).collect()
}

#[test]
fn the_document_conforms_to_the_schema_of_openapi() {
    for catalog in [&*CONTRACT, &*LIBRARY] {
        let faults = faults(&document(catalog));
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn the_schema_of_openapi_finds_faults() {
    let change = |pointer: &str, value: Value| {
        let mut document = document(&CONTRACT);
        *document.pointer_mut(pointer).unwrap() = value;
        faults(&document).len()
    };
    assert!(change("/openapi", json!("3.0.0")) > 0);
    assert!(change("/paths/~1v1~1tasks/get/responses", json!([])) > 0);
    assert!(change("/paths/~1v1~1tasks/get/parameters/0/in", json!("body")) > 0);
    assert!(change("/components/schemas/Task/type", json!("objekt")) > 0);
    let property = "/components/schemas/Task/properties/title/type";
    assert!(change(property, json!("text")) > 0);
}

#[test]
fn streams_files_and_headers_are_part_of_the_document() {
    let document = document(&CONTRACT);
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    let export = operation("/v1/tasks:export", "get");
    let text = json!({"schema": {"type": "string"}});
    assert_eq!(
        export["responses"]["200"]["content"],
        json!({"application/x-ndjson": text, "text/csv": text})
    );
    let import = operation("/v1/tasks:import", "post");
    let media_types = import["requestBody"]["content"].as_object().unwrap();
    let media_types: Vec<&String> = media_types.keys().collect();
    assert_eq!(
        media_types,
        [
            "application/x-ndjson",
            "text/csv",
            "text/calendar",
            "application/octet-stream"
        ]
    );
    assert_eq!(import["requestBody"]["required"], true);
    let refers = |operation: &Value, name: &str| {
        let reference = json!({"$ref": format!("#/components/parameters/{name}")});
        operation["parameters"]
            .as_array()
            .unwrap()
            .contains(&reference)
    };
    assert!(refers(&import, "IdempotencyKey"));
    assert!(refers(
        &operation("/v1/tasks/{task_id}", "patch"),
        "IfMatch"
    ));
    assert!(!refers(&operation("/v1/tasks", "get"), "IdempotencyKey"));
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let default = &operation["responses"]["default"]["$ref"];
            assert_eq!(default, "#/components/responses/Error", "{path}");
        }
    }
    let library = self::document(&LIBRARY);
    let watch = &library["paths"]["/v1/books:watch"]["get"]["responses"]["200"]["content"];
    assert!(watch["application/x-ndjson"]["schema"]["$ref"].is_string());
    assert!(watch["text/event-stream"].is_object());
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    for catalog in [&*CONTRACT, &*LIBRARY] {
        let document = document(catalog);
        let mut references = HashSet::new();
        collect(&document, &mut references);
        for reference in &references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for name in document["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(
                references.contains(&format!("#/components/schemas/{name}")),
                "{name}"
            );
        }
    }
}

fn collect(value: &Value, references: &mut HashSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                references.insert(reference.to_owned());
            }
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn every_schema_is_a_json_schema_and_takes_its_example() {
    for catalog in [&*CONTRACT, &*LIBRARY] {
        let document = document(catalog);
        let components = &document["components"];
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let content = &operation["requestBody"]["content"]["application/json"];
                for content in [
                    content,
                    &operation["responses"]["200"]["content"]["application/json"],
                ] {
                    if content.is_null() {
                        continue;
                    }
                    let mut schema = content["schema"].clone();
                    assert!(jsonschema::meta::is_valid(&schema), "{method} {path}");
                    schema["components"] = components.clone();
                    let validator = jsonschema::draft202012::new(&schema).unwrap();
                    if let Some(example) = content.get("example") {
                        assert!(validator.is_valid(example), "{method} {path}: {example}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_operation_has_what_a_reader_needs() {
    let document = document(&CONTRACT);
    let mut ids = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()));
            for field in ["summary", "description"] {
                assert!(
                    !operation[field].as_str().unwrap().is_empty(),
                    "{path} {field}"
                );
            }
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path");
            assert_eq!(in_path.count(), path.matches('{').count(), "{path}");
        }
    }
}

#[test]
fn answers_require_every_field_that_is_always_there() {
    let document = document(&CONTRACT);
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let optional = |name: &str| {
        let schema = schema(name);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let fields = schema["properties"].as_object().unwrap().keys().cloned();
        fields
            .filter(|field| !required.contains(&json!(field)))
            .collect::<Vec<_>>()
    };
    let of_task = [
        "due_time",
        "complete_time",
        "delete_time",
        "remind_time",
        "start_time",
    ];
    assert_eq!(optional("Task"), of_task);
    assert_eq!(optional("Tag"), ["delete_time"]);
    assert_eq!(optional("ListTasksResponse"), [""; 0]);
    assert_eq!(optional("BatchResult"), ["task", "error"]);
}

/// Checks which values the body of an operation takes by its schema.
#[track_caller]
fn check_body(path: &str, method: &str, valid: &[Value], invalid: &[Value]) {
    let document = document(&CONTRACT);
    let content = &document["paths"][path][method]["requestBody"]["content"];
    let mut schema = content["application/json"]["schema"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    for value in valid {
        assert!(validator.is_valid(value), "{value} is refused");
    }
    for value in invalid {
        assert!(!validator.is_valid(value), "{value} is taken");
    }
}

const ID: &str = "0198c0de-0000-7000-8000-000000000001";

#[test]
fn body_of_create_states_bounds_of_fields() {
    let title = |text: &str| json!({"title": text});
    let valid = [
        title("x"),
        title(&"\u{1f600}".repeat(500)),
        json!({"title": "x", "description": null}),
        json!({"title": "x", "description": "a\r\n\tb"}),
        json!({"title": "x", "due_date": "2026-12-01"}),
        json!({"title": "x", "due_date": ""}),
        json!({"title": "x", "parent_task_id": ID}),
        json!({"title": "x", "parent_task_id": ""}),
    ];
    let due_twice =
        json!({"title": "x", "due_date": "2026-12-01", "due_local_time": "2026-12-01T09:00:00"});
    let invalid = [
        title(&"\u{1f600}".repeat(501)),
        title(""),
        title(" "),
        title("a\nb"),
        json!({"title": null}),
        json!({"title": "x", "tittle": "y"}),
        json!({"title": "x", "description": "a\u{7}"}),
        json!({"title": "x", "due_date": "1969-12-31"}),
        due_twice,
        json!({"title": "x", "parent_task_id": "7"}),
        json!({"title": "x", "tags": vec!["a"; 51]}),
        json!({"title": "x", "tags": [""]}),
    ];
    check_body("/v1/tasks", "post", &valid, &invalid);
}

#[test]
fn body_of_create_states_bounds_of_reminders() {
    let reminder = |reminder: Value| json!({"title": "x", "reminders": [reminder]});
    let valid = [reminder(json!({"minutes_before_due": 40_320}))];
    let invalid = [
        json!({"minutes_before_due": 40_321}),
        json!({"minutes_before_due": -1}),
        json!({"minutes_before_due": null}),
        json!({"minutes_before_due": 5, "at_time": "2026-12-01T09:00:00Z"}),
        json!({}),
    ];
    check_body("/v1/tasks", "post", &valid, &invalid.map(reminder));
}

#[test]
fn body_of_update_states_what_null_may_empty() {
    let valid = [json!({"due_time": null, "category": null})];
    let invalid = [json!({"title": null}), json!({"title": ""})];
    check_body("/v1/tasks/{task_id}", "patch", &valid, &invalid);
}

#[test]
fn body_of_batch_states_bounds_of_list() {
    let ids = |ids: &[&str]| json!({ "task_ids": ids });
    let invalid = [ids(&[]), ids(&[ID, ID]), ids(&["7"])];
    check_body("/v1/tasks:batchComplete", "post", &[ids(&[ID])], &invalid);
}

#[test]
fn query_parameter_states_its_bounds() {
    let document = document(&CONTRACT);
    let parameters = document["paths"]["/v1/tasks"]["get"]["parameters"].as_array();
    let mut parameters = parameters.unwrap().iter();
    let page_size = parameters.find(|parameter| parameter["name"] == "page_size");
    assert_eq!(
        page_size.unwrap()["schema"],
        json!({"type": "integer", "format": "int32", "minimum": 0})
    );
}
