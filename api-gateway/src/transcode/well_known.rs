use prost_reflect::{DynamicMessage, MessageDescriptor, Value};
use serde_json::Value as Json;

use super::{scalar::scalar, time};

/// Reads a message that has a JSON form of its own, such as a time; the error is the cure.
pub(super) fn well_known(descriptor: &MessageDescriptor, json: &Json) -> Result<Value, String> {
    let mut message = DynamicMessage::new(descriptor.clone());
    match descriptor.name() {
        "Timestamp" => {
            let text = json.as_str().ok_or(time::FORM)?;
            fill(&mut message, &time::timestamp(text)?)?;
        }
        "Duration" => fill(&mut message, &time::duration(text(json)?)?)?,
        "FieldMask" => fill(&mut message, &field_mask(text(json)?))?,
        name if name.ends_with("Value")
            && descriptor
                .get_field(1)
                .is_some_and(|field| field.name() == "value") =>
        {
            // A wrapper: its value stands for it.
            if let Some(field) = descriptor.get_field(1) {
                message.set_field(&field, scalar(&field.kind(), json)?);
            }
        }
        _ => {
            message = DynamicMessage::deserialize(descriptor.clone(), json)
                .map_err(|error| format!("is not a {}: {error}", descriptor.name()))?;
        }
    }
    Ok(Value::Message(message))
}

fn text(json: &Json) -> Result<&str, String> {
    json.as_str()
        .ok_or_else(|| "must be a string, in quotes".to_owned())
}

fn fill(message: &mut DynamicMessage, value: &impl prost::Message) -> Result<(), String> {
    let encoded = value.encode_to_vec();
    prost::Message::merge(message, encoded.as_slice()).map_err(|error| error.to_string())
}

/// Reads `title,dueTime`; names may be in camelCase, as the JSON mapping has it, or as the contract writes them.
fn field_mask(text: &str) -> prost_types::FieldMask {
    let paths = text
        .split(',')
        .map(str::trim)
        .filter(|path| !path.is_empty());
    prost_types::FieldMask {
        paths: paths.map(snake_case).collect(),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::field_mask;

    #[test]
    fn a_field_mask_is_a_list_of_names_with_commas() {
        assert_eq!(
            field_mask("title, dueTime,time_zone").paths,
            ["title", "due_time", "time_zone"]
        );
        assert!(field_mask("").paths.is_empty());
    }
}
