use super::html::{code, escape};
use crate::catalog::{FieldPlan, Kind, Plans, short_name};

/// Writes the type of a field, with a link to where it is described.
pub(super) fn type_of(plans: &Plans, field: &FieldPlan) -> String {
    let word = match &field.kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::String => "string".to_owned(),
        Kind::Bytes => "string (base64)".to_owned(),
        Kind::Double => "number".to_owned(),
        Kind::Enum(enumeration) => link(&enumeration.full_name),
        Kind::Message(message) if plans[*message].is_file() => "file".to_owned(),
        Kind::Message(message) => link(&plans[*message].full_name),
        Kind::Timestamp => "time (RFC 3339)".to_owned(),
        Kind::FieldMask => "names with commas".to_owned(),
        Kind::Value | Kind::Unsupported => "JSON value".to_owned(),
        Kind::Int64 => "whole number, as a string".to_owned(),
        Kind::Int32 => "whole number".to_owned(),
    };
    match field.is_list {
        true => format!("list of {word}"),
        false => word,
    }
}

/// Writes a link to where a message or an enum is described.
pub(super) fn link(full_name: &str) -> String {
    let name = escape(short_name(full_name));
    format!("<a href=\"#{full_name}\">{name}</a>")
}

/// Writes what a field means: comment, example, and who sets it.
pub(super) fn meaning(field: &FieldPlan) -> String {
    let mut text = escape(&field.comment.replace("\n\n", " "));
    if let Some(example) = &field.example {
        text.push_str(&format!(" Example: {}", code(example)));
    }
    if field.output_only {
        text.push_str(" <em>Set by the server.</em>");
    }
    text
}
