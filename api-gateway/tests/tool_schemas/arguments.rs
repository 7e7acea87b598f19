//! What a schema offers, the gateway takes.

use api_gateway::transcode::read_arguments;
use serde_json::{Map, Value, json};

use crate::{contract, listed};

fn sample(schema: &Value) -> Value {
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match schema["type"].as_str().unwrap() {
        "object" => {
            let properties = schema["properties"].as_object().unwrap();
            // One of these two is given.
            let taken = properties.iter().filter(|(name, _)| *name != "at_time");
            let samples = taken.map(|(name, schema)| (name.clone(), sample(schema)));
            Value::Object(samples.collect())
        }
        "array" => json!([sample(&schema["items"]), sample(&schema["items"])]),
        "string" if schema["format"] == "date-time" => json!("2026-12-01T09:00:00+01:00"),
        "string" => json!("text"),
        "integer" => json!(7),
        "number" => json!(0.5),
        "boolean" => json!(true),
        other => panic!("{other}"),
    }
}

#[test]
fn every_argument_that_a_schema_offers_is_taken() {
    let catalog = contract();
    let tools = listed(&catalog);
    for ((rpc, option), tool) in catalog.tools().zip(&tools) {
        let schema = &tool["inputSchema"];
        let validator = jsonschema::draft202012::new(schema).unwrap();
        let mut all = sample(schema);
        let clear = all.as_object_mut().unwrap().shift_remove("clear");
        let arguments = all.as_object().unwrap().clone();
        assert!(validator.is_valid(&all), "{}: {all}", option.name);
        let taken = read_arguments(&catalog.plans, rpc, &arguments).complete();
        assert!(taken.is_ok(), "{}: {taken:?}", option.name);
        if clear.is_some() {
            let required = schema["required"].as_array().unwrap();
            let mut arguments: Map<String, Value> = required
                .iter()
                .map(|name| (name.as_str().unwrap().to_owned(), json!("text")))
                .collect();
            let names = schema["properties"]["clear"]["items"]["enum"].clone();
            arguments.insert("clear".to_owned(), names);
            let taken = read_arguments(&catalog.plans, rpc, &arguments).complete();
            assert!(taken.is_ok(), "{}: {taken:?}", option.name);
        }
    }
}

#[test]
fn arguments_outside_schema_are_refused_by_name() {
    let catalog = contract();
    for (rpc, option) in catalog.tools() {
        let arguments =
            json!({"validate_only": true, "colour_of_money": 1, "update_mask": "title"});
        let faults = read_arguments(&catalog.plans, rpc, arguments.as_object().unwrap())
            .complete()
            .unwrap_err();
        for name in arguments.as_object().unwrap().keys() {
            let told = faults.iter().any(|fault| {
                fault.field == *name && fault.description.contains("not a known field")
            });
            assert!(told, "{} takes {name}: {faults:?}", option.name);
        }
    }
}
