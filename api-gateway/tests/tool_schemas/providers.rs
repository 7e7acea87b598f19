//! What the large providers accept as the schema of a function's arguments, as one set of rules that satisfies all of them.
//!
//! - OpenAI, "Function calling" and "Structured Outputs: supported schemas": the root is an object and no `anyOf`; every
//!   object has `additionalProperties: false`; objects nest 5 deep at most; up to 100 properties in all; up to 500 enum
//!   values in all; names, property names and enum values have 15 000 letters at most together; a function's name is
//!   `^[a-zA-Z0-9_-]{1,64}$`, its description has up to 1 024 letters.
//! - Anthropic, "Tool use": a name is `^[a-zA-Z0-9_-]{1,64}$`; `input_schema` is of type object, without `oneOf`, `allOf` or
//!   `anyOf` at its top; property names are `^[a-zA-Z0-9_.-]{1,64}$`.
//! - Google Gemini, "Function calling" and the reference of `Schema`, a subset of OpenAPI 3.0: one type and never a list of
//!   types; no `$ref`; bounds of numbers and of lists; an array has `items`; an enum is of non-empty strings; `format` of a string is `date-time`; an object
//!   within another has properties; a name begins with a letter or an underscore.
//! - Model Context Protocol, "Tools": `inputSchema` and `outputSchema` are JSON Schemas of type object.

use serde_json::{Value, json};

use crate::{contract, listed};

const KEYWORDS: [&str; 12] = [
    "type",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "format",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
];
const TYPES: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];
const DEPTH: usize = 5;
const PROPERTIES: usize = 100;
const ENUM_VALUES: usize = 500;
const ENUM_VALUE_LETTERS: usize = 40;
const LETTERS: usize = 15_000;
const DESCRIPTION_LETTERS: usize = 1_024;

/// What is counted over the whole of one schema.
#[derive(Default)]
struct Totals {
    properties: usize,
    enum_values: usize,
    letters: usize,
}

/// Returns what a provider would refuse in a tool, each fault with its place.
fn refused(tool: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let name = tool["name"].as_str().unwrap_or_default();
    if !is_name(name, "_-", 64) || name.starts_with(|first: char| first.is_ascii_digit()) {
        faults.push(format!("the name {name:?}"));
    }
    check_description(tool, "the tool", &mut faults);
    let input = &tool["inputSchema"];
    if input["type"] != "object" || !input["properties"].is_object() {
        faults.push("the arguments are no object with properties".to_owned());
    }
    let mut totals = Totals::default();
    check(input, "", 1, &mut totals, &mut faults);
    for (what, count, most) in [
        ("properties", totals.properties, PROPERTIES),
        ("enum values", totals.enum_values, ENUM_VALUES),
        ("letters", totals.letters, LETTERS),
    ] {
        if count > most {
            faults.push(format!("{count} {what}, more than {most}"));
        }
    }
    faults
}

fn check(schema: &Value, at: &str, depth: usize, totals: &mut Totals, faults: &mut Vec<String>) {
    let mut fault = |what: String| faults.push(format!("{at}: {what}"));
    let Some(object) = schema.as_object() else {
        return fault("is no schema object".to_owned());
    };
    for keyword in object
        .keys()
        .filter(|key| !KEYWORDS.contains(&key.as_str()))
    {
        fault(format!("the keyword {keyword}"));
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    if !TYPES.contains(&kind) {
        fault(format!("the type {}", schema["type"]));
    }
    if let Some(format) = object.get("format").filter(|format| *format != "date-time") {
        fault(format!("the format {format}"));
    }
    if let Some(values) = object.get("enum") {
        let values = values.as_array().cloned().unwrap_or_default();
        let plain = |value: &Value| {
            let letters = value.as_str().map_or(0, str::len);
            (1..=ENUM_VALUE_LETTERS).contains(&letters)
        };
        if kind != "string" || values.is_empty() || !values.iter().all(plain) {
            fault("an enum of something else than short words".to_owned());
        }
        totals.enum_values += values.len();
        totals.letters += values
            .iter()
            .filter_map(Value::as_str)
            .map(str::len)
            .sum::<usize>();
    }
    if depth > DEPTH {
        fault(format!("stands {depth} deep"));
    }
    if !at.is_empty() && !at.ends_with("[]") && !object.contains_key("description") {
        // The fields of an item may be those of another tool, and described there.
        if !at.contains("[].") {
            fault("has no description".to_owned());
        }
    }
    check_description(schema, at, faults);
    match kind {
        "array" => check(&schema["items"], &format!("{at}[]"), depth, totals, faults),
        "object" => check_object(schema, at, depth, totals, faults),
        _ => {}
    }
}

fn check_object(
    schema: &Value,
    at: &str,
    depth: usize,
    totals: &mut Totals,
    faults: &mut Vec<String>,
) {
    let mut fault = |what: String| faults.push(format!("{at}: {what}"));
    let properties = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    if schema["additionalProperties"] != false {
        fault("is open to other properties".to_owned());
    }
    if properties.is_empty() && !at.is_empty() {
        fault("is an object without properties".to_owned());
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if !properties.contains_key(name.as_str().unwrap_or_default()) {
            fault(format!("requires {name}, which is no property"));
        }
    }
    for name in properties.keys().filter(|name| !is_name(name, "_.-", 64)) {
        fault(format!("the property name {name:?}"));
    }
    totals.properties += properties.len();
    for (name, property) in &properties {
        totals.letters += name.len();
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        check(property, &at, depth + 1, totals, faults);
    }
}

fn check_description(schema: &Value, at: &str, faults: &mut Vec<String>) {
    let letters = schema["description"]
        .as_str()
        .map_or(0, |text| text.chars().count());
    if letters > DESCRIPTION_LETTERS {
        faults.push(format!("{at}: a description of {letters} letters"));
    }
}

fn is_name(name: &str, more: &str, longest: usize) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || more.contains(letter);
    (1..=longest).contains(&name.len()) && name.chars().all(plain)
}

#[test]
fn every_provider_accepts_every_tool() {
    for tool in listed(&contract()) {
        let faults = refused(&tool);
        assert!(faults.is_empty(), "{}: {faults:#?}", tool["name"]);
        for schema in [&tool["inputSchema"], &tool["outputSchema"]] {
            assert_eq!(schema["type"], "object");
            assert!(jsonschema::meta::is_valid(schema), "{schema}");
            assert!(jsonschema::draft202012::new(schema).is_ok());
            let text = schema.to_string();
            for word in [
                "\"$ref\"",
                "\"$defs\"",
                "Of\":",
                "\"null\"",
                "unspecified",
                "update_mask\":",
            ] {
                assert!(!text.contains(word), "{word} is in {text}");
            }
        }
        assert!(tool["title"].is_string() && tool["description"].is_string());
    }
}

#[test]
fn the_rules_find_what_providers_are_known_to_refuse() {
    let of = |name: &str, input: Value| {
        refused(&json!({"name": name, "description": "d", "inputSchema": input})).join("; ")
    };
    let field = |schema: Value| {
        let input =
            json!({"type": "object", "properties": {"a": schema}, "additionalProperties": false});
        of("tool", input)
    };
    let deep = (0..5).fold(json!({"type": "string", "description": "d"}), |inner, _| {
        json!({"type": "object", "description": "d", "properties": {"a": inner}, "additionalProperties": false})
    });
    let faults = [
        of(
            "add task",
            json!({"type": "object", "properties": {}, "additionalProperties": false}),
        ),
        of("tool", json!({"type": "object", "properties": {}})),
        of("tool", json!({"anyOf": [{"type": "object"}]})),
        of(
            "tool",
            json!({"type": "object", "properties": {"ä": {"type": "string", "description": "d"}},
                          "required": ["b"], "additionalProperties": false}),
        ),
        field(json!({"type": ["string", "null"], "description": "d"})),
        field(json!({"$ref": "#/$defs/a", "description": "d"})),
        field(json!({"type": "array", "description": "d"})),
        field(json!({"type": "string", "enum": [""], "description": "d"})),
        field(json!({"type": "integer", "enum": [1], "description": "d"})),
        field(json!({"type": "string", "format": "uuid", "description": "d"})),
        field(
            json!({"type": "object", "properties": {}, "additionalProperties": false, "description": "d"}),
        ),
        field(json!({"type": "string"})),
        field(json!({"type": "string", "description": "x".repeat(1_025)})),
        field(deep),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r#"
    the name "add task"
    : is open to other properties
    the arguments are no object with properties; : the keyword anyOf; : the type null
    : requires "b", which is no property; : the property name "ä"
    a: the type ["string","null"]
    a: the keyword $ref; a: the type null
    a[]: is no schema object
    a: an enum of something else than short words
    a: an enum of something else than short words
    a: the format "uuid"
    a: is an object without properties
    a: has no description
    a: a description of 1025 letters
    a.a.a.a.a: stands 6 deep; a.a.a.a.a.a: stands 7 deep
    "#);
}
