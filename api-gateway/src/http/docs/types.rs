use indexmap::IndexMap;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::{
    fields::{meaning, type_of},
    html::{code, escape, paragraphs, table},
};
use crate::catalog::{Catalog, Dialect, Notes, enum_words, is_file};

/// Writes the section of all types that requests and answers are made of.
pub(super) fn types(catalog: &Catalog) -> String {
    let mut kinds = IndexMap::new();
    for rpc in &catalog.rpcs {
        add(&Kind::Message(rpc.method.output()), &mut kinds);
        for field in rpc.method.input().fields() {
            add(&field.kind(), &mut kinds);
        }
    }
    kinds.sort_unstable_by(|a, _, b, _| short(a).cmp(short(b)));
    let sections = kinds.values().map(|kind| match kind {
        Kind::Message(message) => message_section(&catalog.notes, message),
        Kind::Enum(enumeration) => enum_section(&catalog.notes, enumeration),
        _ => String::new(),
    });
    sections.collect()
}

fn short(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

/// Collects a type and those within it.
fn add(kind: &Kind, kinds: &mut IndexMap<String, Kind>) {
    let name = match kind {
        Kind::Message(message) => message.full_name(),
        Kind::Enum(enumeration) => enumeration.full_name(),
        _ => return,
    };
    if name.starts_with("google.protobuf.") || kinds.contains_key(name) {
        return;
    }
    let Kind::Message(message) = kind else {
        kinds.insert(name.to_owned(), kind.clone());
        return;
    };
    if is_file(message) {
        return;
    }
    if !message.is_map_entry() {
        kinds.insert(name.to_owned(), kind.clone());
    }
    for field in message.fields() {
        add(&field.kind(), kinds);
    }
}

fn message_section(notes: &Notes, message: &MessageDescriptor) -> String {
    let row =
        |field: FieldDescriptor| [code(field.name()), type_of(&field), meaning(notes, &field)];
    let rows: Vec<[String; 3]> = message.fields().map(row).collect();
    section(
        message.full_name(),
        message.name(),
        notes,
        &table(["Field", "Type", "Meaning"], &rows),
    )
}

fn enum_section(notes: &Notes, enumeration: &EnumDescriptor) -> String {
    let rows: Vec<[String; 2]> = enum_words(enumeration, Dialect::Http)
        .iter()
        .map(|word| [code(&word.word), escape(notes.comment(&word.full_name))])
        .collect();
    section(
        enumeration.full_name(),
        enumeration.name(),
        notes,
        &table(["Value", "Meaning"], &rows),
    )
}

fn section(full_name: &str, name: &str, notes: &Notes, table: &str) -> String {
    format!(
        "<section id=\"{full_name}\">\n<h3>{}</h3>\n{}{table}</section>\n",
        escape(name),
        paragraphs(notes.comment(full_name)),
    )
}
