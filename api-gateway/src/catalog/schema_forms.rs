//! The forms that values take in schemas beyond their own types.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

/// JSON object of a schema.
pub type Schema = Map<String, Value>;

/// Lets a property be null, too.
pub(super) fn allow_null(property: &mut Schema) {
    if let Some(kind) = property.get_mut("type") {
        *kind = json!([kind.clone(), "null"]);
    } else if let Some(reference) = property.shift_remove("$ref") {
        property.insert(
            "anyOf".to_owned(),
            json!([{"$ref": reference}, {"type": "null"}]),
        );
    }
}

/// Returns an example as the JSON value that the field would hold.
pub fn typed(field: &FieldDescriptor, example: &str) -> Value {
    let value = match field.kind() {
        Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Message(_) => example.into(),
        _ => serde_json::from_str(example).unwrap_or_else(|_| example.into()),
    };
    match field.is_list() {
        true => json!([value]),
        false => value,
    }
}

/// Returns the schema of a message that has a JSON form of its own.
pub(super) fn well_known(message: &MessageDescriptor) -> Option<Value> {
    Some(
        match message.full_name().strip_prefix("google.protobuf.")? {
            "Timestamp" => json!({"type": "string", "format": "date-time"}),
            "Duration" => json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$"}),
            "FieldMask" | "StringValue" => json!({"type": "string"}),
            "BytesValue" => json!({"type": "string", "contentEncoding": "base64"}),
            "BoolValue" => json!({"type": "boolean"}),
            "Int32Value" | "UInt32Value" => json!({"type": "integer"}),
            "Int64Value" | "UInt64Value" => json!({"type": "string"}),
            "FloatValue" | "DoubleValue" => json!({"type": "number"}),
            "ListValue" => json!({"type": "array"}),
            "Value" => json!({}),
            "Struct" | "Any" | "Empty" => json!({"type": "object"}),
            _ => return None,
        },
    )
}
