use base64::{Engine, engine::general_purpose::STANDARD};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, SerializeOptions, Value,
};
use serde_json::{Map, Value as Json};

use crate::catalog::{Dialect, Notes, enum_word, is_well_known};

/// An answer that has no JSON form, such as a time beyond the year 9999: a fault of the service that sent it.
#[derive(Debug, thiserror::Error)]
#[error("the answer has no JSON form: {0}")]
pub struct AnswerFault(#[from] serde_json::Error);

/// Returns the JSON body of an HTTP answer: the whole message, or the field that the route names.
///
/// # Errors
///
/// Fails if the answer has no JSON form.
pub fn response_body(
    notes: &Notes,
    message: &DynamicMessage,
    field: Option<&FieldDescriptor>,
) -> Result<Json, AnswerFault> {
    match field {
        None => write(notes, message, Dialect::Http),
        Some(field) => {
            let value = message.get_field(field);
            Ok(field_value(notes, field, &value, Dialect::Http)?.unwrap_or(Json::Null))
        }
    }
}

/// Writes a message as JSON, with the contract's own field names.
///
/// Over HTTP, every field that is not optional is there, also when it is empty, so that a client need not know defaults.
/// For tools, empty fields are left out, because a model pays for every word; but the lists of the answer itself are there,
/// so that "none" can be told from "not answered".
///
/// # Errors
///
/// Fails if the answer has no JSON form.
pub fn write(
    notes: &Notes,
    message: &DynamicMessage,
    dialect: Dialect,
) -> Result<Json, AnswerFault> {
    message_json(notes, message, dialect, true)
}

/// Writes a message that is the answer itself (`outermost`) or a part of it.
fn message_json(
    notes: &Notes,
    message: &DynamicMessage,
    dialect: Dialect,
    outermost: bool,
) -> Result<Json, AnswerFault> {
    if is_well_known(&message.descriptor()) {
        let options = SerializeOptions::new().use_proto_field_name(true);
        return Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?);
    }
    let mut object = Map::new();
    for field in message.descriptor().fields() {
        let has = message.has_field(&field);
        let shown = has
            || match dialect {
                Dialect::Http => !field.supports_presence(),
                Dialect::Tool => outermost && field.is_list(),
            };
        let field_notes = notes.field(&field);
        let hidden = dialect == Dialect::Tool && field_notes.tool_hidden;
        if !shown || hidden || field_notes.input_only {
            continue;
        }
        let value = message.get_field(&field);
        if let Some(mut json) = field_value(notes, &field, &value, dialect)? {
            if let (Dialect::Tool, Some(naming)) = (dialect, &field_notes.value_of)
                && let Some(named) = message.get_field_by_name(naming)
            {
                shorten_enums(notes, named.as_str().unwrap_or_default(), &mut json);
            }
            object.insert(field.name().to_owned(), json);
        }
    }
    Ok(Json::Object(object))
}

fn field_value(
    notes: &Notes,
    field: &FieldDescriptor,
    value: &Value,
    dialect: Dialect,
) -> Result<Option<Json>, AnswerFault> {
    let kind = field.kind();
    Ok(match value {
        Value::List(items) => {
            let items = items.iter().map(|item| json(notes, &kind, item, dialect));
            let items = items.collect::<Result<Vec<_>, _>>()?;
            Some(Json::Array(items.into_iter().flatten().collect()))
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let value_kind = match &kind {
                Kind::Message(entry) => entry.map_entry_value_field().kind(),
                _ => kind,
            };
            let mut object = Map::new();
            for (key, value) in entries {
                if let Some(json) = json(notes, &value_kind, value, dialect)? {
                    object.insert(key_text(key), json);
                }
            }
            Some(Json::Object(object))
        }
        value => json(notes, &kind, value, dialect)?,
    })
}

/// Returns nothing for what a tool has no word for: an enum value that is not stated or newer than this gateway.
fn json(
    notes: &Notes,
    kind: &Kind,
    value: &Value,
    dialect: Dialect,
) -> Result<Option<Json>, AnswerFault> {
    Ok(Some(match value {
        Value::Bool(value) => (*value).into(),
        Value::I32(value) => (*value).into(),
        Value::U32(value) => (*value).into(),
        // JSON numbers lose digits beyond 53 bits.
        Value::I64(value) => value.to_string().into(),
        Value::U64(value) => value.to_string().into(),
        Value::F32(value) => float(f64::from(*value)),
        Value::F64(value) => float(*value),
        Value::String(value) => value.as_str().into(),
        Value::Bytes(value) => STANDARD.encode(value).into(),
        Value::Message(message) => message_json(notes, message, dialect, false)?,
        Value::EnumNumber(number) => {
            let named = kind.as_enum().and_then(|kind| kind.get_value(*number));
            match (named, dialect) {
                (Some(value), Dialect::Http) => value.name().into(),
                (None, Dialect::Http) => (*number).into(),
                (Some(value), Dialect::Tool) if *number != 0 => enum_word(&value, dialect).into(),
                (_, Dialect::Tool) => return Ok(None),
            }
        }
        Value::List(_) | Value::Map(_) => return Ok(None),
    }))
}

/// Replaces the enum values in the JSON of a field that is known by its name only by their short words.
fn shorten_enums(notes: &Notes, field: &str, json: &mut Json) {
    match json {
        Json::String(text) => {
            if let Some(word) = notes.word(field, text) {
                *text = word.to_owned();
            }
        }
        Json::Array(items) => {
            for item in items {
                shorten_enums(notes, field, item);
            }
        }
        Json::Object(fields) => {
            for (name, value) in fields {
                shorten_enums(notes, name, value);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn float(value: f64) -> Json {
    match value {
        value if value.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        value => value.into(),
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}
