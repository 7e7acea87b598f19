use prost_reflect::{FieldDescriptor, Kind};

use super::html::{code, escape};
use crate::catalog::{Notes, is_file};

/// Writes the type of a field, with a link to where it is described.
pub(super) fn type_of(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let value = kind(&entry.map_entry_value_field().kind());
            format!("object of {value}")
        }
        kind_of_items if field.is_list() => format!("list of {}", kind(&kind_of_items)),
        single => kind(&single),
    }
}

fn kind(kind: &Kind) -> String {
    let word = match kind {
        Kind::Bool => "true or false",
        Kind::String => "string",
        Kind::Bytes => "string (base64)",
        Kind::Double | Kind::Float => "number",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
            "whole number, as a string"
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => {
            "whole number"
        }
        Kind::Enum(enumeration) => return link(enumeration.full_name(), enumeration.name()),
        Kind::Message(message) if is_file(message) => "file",
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => "time (RFC 3339)",
            "google.protobuf.Duration" => "seconds, such as 90s",
            "google.protobuf.FieldMask" => "names with commas",
            name if name.starts_with("google.protobuf.") => "JSON value",
            name => return link(name, message.name()),
        },
    };
    word.to_owned()
}

fn link(full_name: &str, name: &str) -> String {
    format!("<a href=\"#{full_name}\">{}</a>", escape(name))
}

/// Writes what a field means: comment, example, and who sets it.
pub(super) fn meaning(notes: &Notes, field: &FieldDescriptor) -> String {
    let notes = notes.field(field);
    let mut text = escape(&notes.comment.replace("\n\n", " "));
    if let Some(example) = &notes.example {
        text.push_str(&format!(" Example: {}", code(example)));
    }
    if notes.output_only {
        text.push_str(" <em>Set by the server.</em>");
    }
    text
}
