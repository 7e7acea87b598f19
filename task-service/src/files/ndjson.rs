//! One JSON object a line, under the names of the contract.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    contents::{Contents, InvalidFile},
    identity::Identities,
    limits::LONGEST_RECORD,
    loss::Loss,
    record::{Holds, Record},
    task::FileTask,
};

/// Reads the tasks of a file.
pub fn read(text: &str) -> Result<Contents, InvalidFile> {
    match text.trim_start() {
        text if text.starts_with('[') => {
            return Err(wrong(
                "is a JSON array; write one object per line, without commas",
            ));
        }
        text if text.starts_with('{') => {}
        _ => return Err(wrong("is not NDJSON; write one JSON object per line")),
    }
    let mut contents = Contents::default();
    let mut identities = Identities::default();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let mut read = read_line(index + 1, line);
        if let Ok(task) = &mut read {
            identities.identify(task, line.trim().as_bytes());
        }
        contents.add(read)?;
    }
    Ok(contents)
}

fn read_line(number: usize, line: &str) -> Result<FileTask, Loss> {
    if line.len() > LONGEST_RECORD {
        let reason = format!("has {} bytes; a line may have {LONGEST_RECORD}", line.len());
        return Err(Loss::whole(number, "", reason));
    }
    let Members(members) = serde_json::from_str(line).map_err(|error| {
        let reason = format!("is not a JSON object: {}", words(&error));
        Loss::whole(number, "", reason)
    })?;
    let id = members.iter().find(|(field, _)| field == "id");
    let source_id = match id {
        Some((_, Value::String(id))) => id.clone(),
        Some((_, Value::Number(id))) => id.to_string(),
        _ => String::new(),
    };
    let mut record = Record::new(number, &source_id);
    let mut seen: HashMap<&str, &Value> = HashMap::new();
    for (field, value) in &members {
        match seen.entry(field) {
            Entry::Vacant(entry) => {
                entry.insert(value);
                read_field(&mut record, field, value);
            }
            Entry::Occupied(entry) if *entry.get() == value => {}
            Entry::Occupied(_) => record.lose(
                field,
                format!("occurs more than once, the first one is used; dropped: {value}"),
            ),
        }
    }
    record.finish()
}

/// The members of a JSON object, also those whose name comes again.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

fn read_field(record: &mut Record, field: &str, value: &Value) {
    if is_nothing(value) {
        return;
    }
    match (Holds::of(field), value) {
        (Holds::Value, Value::String(text)) => record.value(field, text),
        (Holds::Value, Value::Number(number)) => record.value(field, &number.to_string()),
        (Holds::Value, Value::Bool(flag)) => record.value(field, &flag.to_string()),
        (Holds::Value, _) => record.lose(field, "is not a single value"),
        (Holds::List, Value::Array(items)) => {
            let read = items.iter().filter_map(item).collect::<Vec<_>>();
            if read.len() < items.len() {
                record.lose(field, "has an item that is of another kind");
            }
            record.list(field, read);
        }
        (Holds::List, _) => record.lose(field, "is not a list"),
        (Holds::Nothing, _) => record.nothing(field),
    }
}

/// Returns an item of a list as text: itself, or what a reminder says.
fn item(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(reminder) if reminder.len() == 1 => {
            let minutes = reminder.get("minutes_before_due").and_then(Value::as_i64);
            let minutes = minutes.map(|minutes| minutes.to_string());
            let time = reminder.get("at_time").and_then(Value::as_str);
            minutes.or(time.map(str::to_owned))
        }
        _ => None,
    }
}

/// Returns whether a value is what an empty field has, so that nothing is lost with it.
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Returns what is wrong with a line, without its number: that is always 1, and the loss has the right one.
fn words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    match words.split_once(" at line 1 column ") {
        Some((words, column)) => format!("{words} at character {column}"),
        None => words,
    }
}

fn wrong(words: &str) -> InvalidFile {
    InvalidFile::WrongFormat(words.to_owned())
}
