use prost_reflect::{EnumDescriptor, EnumValueDescriptor, Value};
use serde_json::Value as Json;

use crate::catalog::{Dialect, enum_word, enum_words};
use service_runtime::suggestion::nearest;

/// Reads a value of an enum: its full name or its short word. The error lists the words.
///
/// Numbers are refused, although the JSON mapping knows them: schemas call for a string, and a client that sends a number often means
/// another system's scale, such as a priority of 1 that is the highest.
pub(super) fn enumeration(
    enumeration: &EnumDescriptor,
    json: &Json,
    dialect: Dialect,
) -> Result<Value, String> {
    let mut values = enumeration.values();
    let meant = json
        .as_str()
        .and_then(|text| values.find(|value| is_meant(value, text, dialect)));
    let number = meant.map(|value| Value::EnumNumber(value.number()));
    number.ok_or_else(|| {
        // "Not stated" is never what a caller who states something means.
        let words = enum_words(enumeration, Dialect::Tool);
        let names: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
        let stated = enumeration.values().find(|value| value.number() != 0);
        let full_name = match (dialect, stated) {
            (Dialect::Http, Some(value)) => format!(", or a full name such as {}", value.name()),
            _ => String::new(),
        };
        let hint = hint(enumeration, json, &names);
        format!("must be one of {}{full_name}{hint}", names.join(", "))
    })
}

/// Compares short words, because the long names of one enum are all alike.
fn hint(enumeration: &EnumDescriptor, json: &Json, words: &[&str]) -> String {
    let text = json.as_str().unwrap_or_default().to_ascii_lowercase();
    let prefix_length = enumeration.default_value().name().len()
        - enum_word(&enumeration.default_value(), Dialect::Tool).len();
    let prefix = enumeration.default_value().name()[..prefix_length].to_ascii_lowercase();
    let text = text.strip_prefix(&prefix).unwrap_or(&text);
    nearest(text, words.iter().copied())
        .map(|word| format!("; did you mean {word}?"))
        .unwrap_or_default()
}

/// Over HTTP, the full name of the JSON mapping and the short word of filters and tools; models write words as they stand in prose,
/// so a tool takes them in any case.
fn is_meant(value: &EnumValueDescriptor, text: &str, dialect: Dialect) -> bool {
    let is_stated = value.number() != 0;
    let short = enum_word(value, Dialect::Tool);
    match dialect {
        Dialect::Http => text == value.name() || (is_stated && text == short),
        Dialect::Tool => {
            is_stated
                && (text.eq_ignore_ascii_case(&short) || text.eq_ignore_ascii_case(value.name()))
        }
    }
}
