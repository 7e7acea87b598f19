use prost_reflect::{EnumDescriptor, Value};
use serde_json::Value as Json;

use super::suggestion::nearest;
use crate::catalog::{Dialect, EnumWord, enum_word, enum_words};

/// Reads a value of an enum: its word or, over HTTP as the JSON mapping has it, its number. The error lists the words.
///
/// Tools refuse numbers: an agent that sends one means another system's scale, such as a priority of 1 that is the highest.
pub(super) fn enumeration(
    enumeration: &EnumDescriptor,
    json: &Json,
    dialect: Dialect,
) -> Result<Value, String> {
    let words = enum_words(enumeration, dialect);
    let number = match json {
        Json::String(text) => words
            .iter()
            .find(|word| is_meant(enumeration, word, text, dialect))
            .map(|word| word.number),
        Json::Number(number) if dialect == Dialect::Http => words
            .iter()
            .find(|word| number.as_i64() == Some(word.number.into()))
            .map(|word| word.number),
        _ => None,
    };
    number.map(Value::EnumNumber).ok_or_else(|| {
        // "Not stated" is never what a caller who states something means.
        let offered = words.iter().filter(|word| word.number != 0);
        let names: Vec<&str> = offered.map(|word| word.word.as_str()).collect();
        format!(
            "must be one of {}{}",
            names.join(", "),
            hint(enumeration, json, dialect)
        )
    })
}

/// Compares short words, because the long names of one enum are all alike.
fn hint(enumeration: &EnumDescriptor, json: &Json, dialect: Dialect) -> String {
    let text = json.as_str().unwrap_or_default().to_ascii_lowercase();
    let short = enum_words(enumeration, Dialect::Tool);
    let prefix_length = enumeration.default_value().name().len()
        - enum_word(&enumeration.default_value(), Dialect::Tool).len();
    let prefix = enumeration.default_value().name()[..prefix_length].to_ascii_lowercase();
    let text = text.strip_prefix(&prefix).unwrap_or(&text);
    nearest(text, short.iter().map(|word| word.word.as_str()))
        .and_then(|word| short.iter().find(|short| short.word == word))
        .and_then(|word| enumeration.get_value(word.number))
        .map(|value| format!("; did you mean {}?", enum_word(&value, dialect)))
        .unwrap_or_default()
}

/// Models write words as they stand in prose, so a tool takes any case, and the full name too.
fn is_meant(enumeration: &EnumDescriptor, word: &EnumWord, text: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Http => word.word == text,
        Dialect::Tool => {
            let full_name = enumeration.get_value(word.number);
            text.eq_ignore_ascii_case(&word.word)
                || full_name.is_some_and(|value| text.eq_ignore_ascii_case(value.name()))
        }
    }
}
