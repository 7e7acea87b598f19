//! What tools answer conforms to their output schemas, whatever the services fill in.

use api_gateway::{
    catalog::{Catalog, Dialect},
    transcode::write,
};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use serde_json::{Value as Json, json};

use crate::{contract, listed};

/// Fills a message: every field if its number, counted with `pick`, is wanted.
fn sample(message: &MessageDescriptor, pick: &dyn Fn(u32) -> bool) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields().filter(|field| pick(field.number())) {
        // Of a oneof, the last wanted field stays.
        filled.set_field(&field, field_sample(&field, pick));
    }
    filled
}

fn field_sample(field: &FieldDescriptor, pick: &dyn Fn(u32) -> bool) -> Value {
    match field.kind() {
        kind if field.is_list() => Value::List(vec![
            kind_sample(&kind, pick),
            kind_sample(&kind, &|_| false),
        ]),
        kind => kind_sample(&kind, pick),
    }
}

fn kind_sample(kind: &Kind, pick: &dyn Fn(u32) -> bool) -> Value {
    match kind {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String("text".to_owned()),
        Kind::Bytes => Value::Bytes(vec![1, 2, 3].into()),
        Kind::Double => Value::F64(0.5),
        Kind::Int32 => Value::I32(-7),
        Kind::Int64 => Value::I64(i64::MIN),
        // A value that is newer than the contract has no word.
        Kind::Enum(enumeration) => match pick(0) {
            true => Value::EnumNumber(enumeration.values().last().unwrap().number()),
            false => Value::EnumNumber(99),
        },
        Kind::Message(message) if message.full_name().starts_with("google.protobuf.") => {
            Value::Message(DynamicMessage::new(message.clone()))
        }
        Kind::Message(message) => Value::Message(sample(message, pick)),
        other => unreachable!("{other:?}"),
    }
}

/// Returns a schema that takes only what it names, with what other tools describe put in place.
fn strict(schema: &Json, tools: &[Json]) -> Json {
    let described = schema["description"].as_str().and_then(|text| {
        text.strip_prefix("Same as the result of ")?
            .strip_suffix('.')
    });
    if let Some(name) = described {
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        assert!(tool["outputSchema"]["properties"].is_object(), "{name}");
        return strict(&tool["outputSchema"], tools);
    }
    let mut schema = schema.clone();
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        for property in properties.values_mut() {
            *property = strict(property, tools);
        }
        schema["additionalProperties"] = json!(false);
    }
    if schema["items"].is_object() {
        schema["items"] = strict(&schema["items"].clone(), tools);
    }
    schema
}

fn check(catalog: &Catalog) {
    let tools = listed(catalog);
    for ((rpc, option), tool) in catalog.tools().zip(&tools) {
        let plain = jsonschema::draft202012::new(&tool["outputSchema"]).unwrap();
        let strict = jsonschema::draft202012::new(&strict(&tool["outputSchema"], &tools)).unwrap();
        let picks: [&dyn Fn(u32) -> bool; 5] = [
            &|_| true,
            &|_| false,
            &|number| number % 2 == 0,
            &|number| number % 2 == 1,
            &|number| number % 3 == 0,
        ];
        for pick in picks {
            let message = sample(&rpc.method.output(), pick);
            let answer = write(
                &catalog.plans,
                rpc.output,
                &message.encode_to_vec(),
                Dialect::Tool,
            )
            .unwrap();
            let answer = serde_json::from_slice(&answer).unwrap();
            for validator in [&plain, &strict] {
                let faults: Vec<String> = validator
                    .iter_errors(&answer)
                    .map(|fault| format!("{}: {fault}", fault.instance_path()))
                    .collect();
                assert!(
                    faults.is_empty(),
                    "{}: {faults:#?} in {answer}",
                    option.name
                );
            }
        }
    }
}

#[test]
fn answers_conform_to_strict_output_schema() {
    check(&contract());
}
