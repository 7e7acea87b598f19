use rmcp::model::Tool;
use serde_json::Value;

use super::html::{code, escape, table};

/// Writes the section of all tools, as agents see them.
pub(super) fn tools(tools: &[Tool]) -> String {
    let tools = tools.iter().map(|tool| {
        let schema = Value::Object((*tool.input_schema).clone());
        let hints = tool.annotations.as_ref();
        let hint = |set: Option<Option<bool>>, word: &'static str| {
            (set.flatten() == Some(true)).then_some(word)
        };
        let words: Vec<&str> = [
            hint(hints.map(|hints| hints.read_only_hint), "only reads"),
            hint(hints.map(|hints| hints.idempotent_hint), "may be called again"),
            hint(hints.map(|hints| hints.destructive_hint), "may overwrite"),
        ]
        .into_iter()
        .flatten()
        .collect();
        format!(
            "<section id=\"tool-{name}\">\n<h3>{name}</h3>\n<p>{description} <em>{hints}</em></p>\n{arguments}</section>\n",
            name = escape(&tool.name),
            description = escape(tool.description.as_deref().unwrap_or_default()),
            hints = words.join(", "),
            arguments = arguments(&schema),
        )
    });
    tools.collect()
}

fn arguments(schema: &Value) -> String {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let rows: Vec<[String; 4]> = properties(schema)
        .map(|(name, property)| {
            let is_required = required.iter().any(|required| required == name);
            [
                code(name),
                kind(property),
                if is_required { "yes" } else { "" }.to_owned(),
                escape(property["description"].as_str().unwrap_or_default()),
            ]
        })
        .collect();
    table(["Argument", "Type", "Required", "Meaning"], &rows)
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn kind(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(code).collect();
        return words.join(", ");
    }
    match schema["type"].as_str().unwrap_or_default() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" => {
            let names: Vec<String> = properties(schema).map(|(name, _)| code(name)).collect();
            format!("object ({})", names.join(", "))
        }
        "string" if schema["format"] == "date-time" => "time (RFC 3339)".to_owned(),
        "boolean" => "true or false".to_owned(),
        "integer" => "whole number".to_owned(),
        other => escape(other),
    }
}
