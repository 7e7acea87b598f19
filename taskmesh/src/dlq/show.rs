use std::io::{Write, stdout};

use serde_json::{Value, json};
use service_runtime::{
    BoxError,
    dead_letters::{Content, DeadLetter, DeadLetterOffice, LetterName},
};

use super::format::{self, ABSENT, hex_dump, plain};

/// How much is shown of what does not decode.
const BEGINNING: usize = 256;

/// Prints one letter with everything that it has.
pub async fn run(
    office: &DeadLetterOffice,
    name: LetterName,
    as_json: bool,
) -> Result<(), BoxError> {
    let letter = office.find(name).await?;
    match as_json {
        true => writeln!(stdout(), "{}", json(&letter))?,
        false => stdout().write_all(text(&letter).as_bytes())?,
    }
    Ok(())
}

fn beginning(letter: &DeadLetter) -> &[u8] {
    let value = letter.value();
    &value[..value.len().min(BEGINNING)]
}

fn json(letter: &DeadLetter) -> Value {
    let mut whole = format::json(letter);
    let headers = letter.headers();
    let headers: Vec<Value> = headers
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    whole["headers"] = headers.into();
    whole["size"] = letter.value().len().into();
    match letter.content() {
        Content::Event {
            message,
            schema_id,
            json,
            unknown_fields,
        } => {
            whole["message"] = message.into();
            whole["schema_id"] = schema_id.into();
            whole["event"] = json;
            whole["unknown_fields"] = unknown_fields.into();
        }
        Content::Undecodable { message, error } => {
            whole["message"] = message.into();
            whole["error"] = error.into();
            let digits = beginning(letter).iter().map(|byte| format!("{byte:02x}"));
            whole["beginning_hex"] = digits.collect::<String>().into();
        }
    }
    whole
}

fn text(letter: &DeadLetter) -> String {
    let topic = letter.topic();
    let or_absent = |text: Option<String>| text.unwrap_or_else(|| ABSENT.to_owned());
    let offset = or_absent(letter.source_offset().map(|offset| offset.to_string()));
    let facts = [
        ("name", letter.name().to_string()),
        ("reason", letter.reason().to_owned()),
        ("group", topic.group.to_owned()),
        (
            "source",
            format!("{}/{}/{offset}", topic.source.name, letter.name().partition),
        ),
        ("record time", or_absent(format::time(letter))),
        ("key", format::key(letter)),
        ("type", or_absent(letter.event_type().map(str::to_owned))),
        ("event id", or_absent(letter.event_id().map(str::to_owned))),
        (
            "attempts",
            or_absent(letter.attempts().map(|attempts| attempts.to_string())),
        ),
        ("redrives", letter.redrive_count().to_string()),
    ];
    let mut lines: Vec<String> = facts
        .iter()
        .map(|(name, value)| format!("{name:<12} {}", plain(value)))
        .collect();
    lines.push("\nheaders".to_owned());
    for (key, value) in letter.headers() {
        lines.push(format!("  {}: {}", plain(key), plain(&value)));
    }
    lines.push(String::new());
    lines.extend(content(letter));
    lines.join("\n") + "\n"
}

fn content(letter: &DeadLetter) -> Vec<String> {
    let size = letter.value().len();
    let mut lines = Vec::new();
    match letter.content() {
        Content::Event {
            message,
            schema_id,
            json,
            unknown_fields,
        } => {
            let frame = schema_id.map(|id| format!(", framed with schema {id}"));
            let frame = frame.unwrap_or_default();
            lines.push(format!("value: {message}, {size} bytes{frame}"));
            if !unknown_fields.is_empty() {
                let numbers: Vec<String> = unknown_fields.iter().map(u32::to_string).collect();
                lines.push(format!(
                    "unknown fields of a newer version: {}",
                    numbers.join(", ")
                ));
            }
            lines.extend(format!("{json:#}").lines().map(plain));
        }
        Content::Undecodable { message, error } => {
            lines.push(format!(
                "value: {size} bytes, not a valid {message}: {}",
                plain(&error)
            ));
            lines.extend(hex_dump(beginning(letter)).lines().map(str::to_owned));
            if size > BEGINNING {
                lines.push(format!("… and {} more bytes", size - BEGINNING));
            }
        }
    }
    lines
}
