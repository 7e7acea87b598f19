//! The forms that values take in schemas beyond their own types.

use serde_json::{Map, Value, json};

use super::{FieldPlan, Kind};

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
pub fn typed(field: &FieldPlan, example: &str) -> Value {
    let value = match field.kind {
        Kind::Enum(_) => example.into(),
        _ if field.kind.wire_type() == 2 => example.into(),
        _ => serde_json::from_str(example).unwrap_or_else(|_| example.into()),
    };
    match field.is_list {
        true => json!([value]),
        false => value,
    }
}
