//! Values of another JSON type than the schema's: refused with the argument and what it must be, or taken where they can mean
//! one thing only.

use api_gateway::{
    catalog::{Catalog, Rpc},
    transcode::{FieldViolation, read_arguments},
};
use serde_json::{Value, json};

use crate::{contract, listed};

fn call(
    catalog: &Catalog,
    rpc: &Rpc,
    name: &str,
    value: &Value,
) -> Result<Vec<u8>, Vec<FieldViolation>> {
    let arguments = json!({(name): value});
    read_arguments(&catalog.plans, rpc, arguments.as_object().unwrap()).complete()
}

/// Returns what is wrong with one argument, and not that others are missing.
fn faults_of(catalog: &Catalog, rpc: &Rpc, name: &str, value: &Value) -> Vec<String> {
    let faults = call(catalog, rpc, name, value).err().unwrap_or_default();
    faults
        .into_iter()
        .filter(|fault| {
            fault.field.starts_with(name) && !fault.description.starts_with("is required")
        })
        .map(|fault| fault.description)
        .collect()
}

/// Returns values that do not fit a schema, and how the answer to them begins.
fn wrong(schema: &Value) -> (Vec<Value>, String) {
    let (values, words) = match schema["type"].as_str().unwrap() {
        "string" if schema["enum"].is_array() => {
            let words: Vec<&str> = schema["enum"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let not_first = json!(format!("not_{}", words[0]));
            let values = vec![
                json!(0),
                json!(1),
                json!(1.0),
                json!(-1),
                json!("1"),
                not_first,
                json!("no such word"),
            ];
            (values, format!("must be one of {}", words.join(", ")))
        }
        "string" if schema["format"] == "date-time" => {
            let values = vec![
                json!(1_796_112_000),
                json!(1.5),
                json!("tomorrow"),
                json!(" "),
            ];
            (values, "must be an RFC 3339 time with offset".to_owned())
        }
        "string" => (
            vec![json!(5), json!(0), json!(1.5)],
            "must be a string, in quotes".to_owned(),
        ),
        "integer" => {
            let values = ["five", "5.5", " 5", "0x5", "5 items"]
                .map(Value::from)
                .into_iter();
            let values = values.chain([json!(5.5), json!(1e300), json!("99999999999999999999")]);
            (values.collect(), "must be a whole number from ".to_owned())
        }
        "boolean" => {
            let values = vec![
                json!("yes"),
                json!("1"),
                json!("on"),
                json!(1),
                json!(0),
                json!(1.0),
            ];
            (values, "must be true or false".to_owned())
        }
        "array" => (
            vec![json!("text"), json!("[]"), json!(5)],
            "must be a list, in []".to_owned(),
        ),
        other => panic!("{other}"),
    };
    let mut values = values;
    if schema["type"] != "boolean" {
        values.extend([json!(true), json!(false)]);
    }
    if schema["type"] != "array" {
        values.push(json!(["text"]));
    }
    values.push(json!({"name": "text"}));
    (values, words)
}

#[test]
fn wrong_type_is_refused_with_expected_one() {
    let catalog = contract();
    let tools = listed(&catalog);
    for ((rpc, option), tool) in catalog.tools().zip(&tools) {
        let properties = tool["inputSchema"]["properties"].as_object().unwrap();
        for (name, schema) in properties.iter().filter(|(name, _)| *name != "clear") {
            let (values, words) = wrong(schema);
            for value in values {
                let faults = faults_of(&catalog, rpc, name, &value);
                let told = faults.len() == 1 && faults[0].starts_with(&words);
                assert!(told, "{} takes {name}: {value}: {faults:?}", option.name);
            }
        }
    }
}

#[test]
fn number_of_another_systems_scale_is_answered_with_the_words() {
    let catalog = contract();
    let mut tools = catalog.tools();
    let (rpc, _) = tools.find(|(_, option)| option.name == "add_task").unwrap();
    for priority in [
        json!(1),
        json!(4),
        json!("1"),
        json!("p1"),
        json!("PRIORITY_UNSPECIFIED"),
    ] {
        assert_eq!(
            faults_of(&catalog, rpc, "priority", &priority),
            ["must be one of low, medium, high, urgent"],
            "{priority}"
        );
    }
}

#[test]
fn value_that_can_mean_one_thing_only_is_taken() {
    let catalog = contract();
    let rpc = |tool: &str| {
        let mut tools = catalog.tools();
        tools.find(|(_, option)| option.name == tool).unwrap().0
    };
    for (tool, name, value) in [
        ("list_tasks", "page_size", json!("50")),
        ("list_tasks", "page_size", json!(50.0)),
        ("list_tasks", "show_deleted", json!("true")),
        ("list_tasks", "show_deleted", json!("False")),
        ("add_task", "muted", json!("TRUE")),
        ("add_task", "priority", json!("High")),
        ("add_task", "priority", json!("PRIORITY_HIGH")),
        ("add_task", "due_time", json!("2026-12-01 09:00+01:00")),
        ("add_task", "description", json!(null)),
        ("add_task", "description", json!("")),
        ("add_task", "due_time", json!("")),
        ("add_task", "tags", json!([])),
        ("add_task", "priority", json!("")),
        ("update_task", "clear", json!("due_time")),
        ("update_task", "description", json!(null)),
    ] {
        let faults = faults_of(&catalog, rpc(tool), name, &value);
        assert!(faults.is_empty(), "{tool} {name}: {value}: {faults:?}");
    }
}
