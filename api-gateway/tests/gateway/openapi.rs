//! The OpenAPI document of the contract.

use std::collections::HashSet;

use crate::support::fixture::{CONTRACT, LIBRARY};
use api_gateway::{catalog::Catalog, http::openapi};
use serde_json::Value;

fn document(catalog: &Catalog) -> Value {
    openapi(catalog, &"https://tasks.example.com/".parse().unwrap())
}

#[test]
fn the_document_of_the_contract_is_this() {
    insta::assert_json_snapshot!(document(&CONTRACT));
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
