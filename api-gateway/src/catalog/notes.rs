use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};
use taskmesh_proto::google::api::FieldBehavior;

use super::{Rules, comments::FileComments, options::Options};

/// Options and comment of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldNotes {
    /// The field must be given.
    pub required: bool,
    /// Only the server sets the field; what a request says about it is ignored.
    pub output_only: bool,
    /// The field is never part of a response.
    pub input_only: bool,
    /// The field steers the call and is no value that an update writes.
    pub call_control: bool,
    /// The field is not offered to tools.
    pub tool_hidden: bool,
    /// The field of the same message that names the field whose value this one holds.
    pub value_of: Option<String>,
    /// A value to show in documentation.
    pub example: Option<String>,
    /// The media types that the file in the field may have.
    pub media_types: Vec<String>,
    /// The bounds of its values.
    pub rules: Rules,
    /// The comment before the field.
    pub comment: String,
}

/// Options of a message that concern several fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageNotes {
    /// Sets of fields of which at most one may be given.
    pub exclusive: Vec<Vec<String>>,
    /// The names of the oneofs of which one field must be set.
    pub required_oneofs: Vec<String>,
}

/// The notes on all fields and the comments on everything else, by full name: options and comments are slow to reach in
/// the descriptors and needed with every request.
#[derive(Debug, Default)]
pub struct Notes {
    fields: HashMap<String, FieldNotes>,
    messages: HashMap<String, MessageNotes>,
    comments: HashMap<String, String>,
    none: FieldNotes,
    no_message: MessageNotes,
}

impl Notes {
    pub(super) fn read(pool: &DescriptorPool, options: &Options) -> Self {
        let mut notes = Self::default();
        let files: HashMap<String, FileComments> = pool
            .files()
            .map(|file| (file.name().to_owned(), FileComments::of(&file)))
            .collect();
        for message in pool.all_messages() {
            let comments = &files[message.parent_file().name()];
            notes.add(message.full_name(), comments.at(message.path()));
            for field in message.fields() {
                let note = field_notes(&field, options, comments);
                notes.fields.insert(field.full_name().to_owned(), note);
            }
            let mut required_oneofs = Vec::new();
            for oneof in message.oneofs() {
                notes.add(oneof.full_name(), comments.at(oneof.path()));
                if options.rules.oneof_required(&oneof.options()) {
                    required_oneofs.push(oneof.name().to_owned());
                }
            }
            let note = MessageNotes {
                exclusive: options.rules.exclusive(&message.options()),
                required_oneofs,
            };
            notes.messages.insert(message.full_name().to_owned(), note);
        }
        for enumeration in pool.all_enums() {
            let comments = &files[enumeration.parent_file().name()];
            notes.add(enumeration.full_name(), comments.at(enumeration.path()));
            for value in enumeration.values() {
                notes.add(value.full_name(), comments.at(value.path()));
            }
        }
        for service in pool.services() {
            let comments = &files[service.parent_file().name()];
            notes.add(service.full_name(), comments.at(service.path()));
            for method in service.methods() {
                notes.add(method.full_name(), comments.at(method.path()));
            }
        }
        notes
    }

    fn add(&mut self, name: &str, comment: String) {
        self.comments.insert(name.to_owned(), comment);
    }

    /// Returns the notes on a field; empty ones for a field of another pool.
    pub fn field(&self, field: &FieldDescriptor) -> &FieldNotes {
        self.fields.get(field.full_name()).unwrap_or(&self.none)
    }

    /// Returns the notes on a message; empty ones for a message of another pool.
    pub fn message(&self, message: &MessageDescriptor) -> &MessageNotes {
        let notes = self.messages.get(message.full_name());
        notes.unwrap_or(&self.no_message)
    }

    /// Returns the comment on a message, enum, enum value, oneof, service or RPC; empty if there is none.
    pub fn comment(&self, full_name: &str) -> &str {
        self.comments.get(full_name).map_or("", String::as_str)
    }
}

/// Returns the first paragraph of a comment: what an agent needs. What follows is for people.
pub fn brief(comment: &str) -> &str {
    comment.split("\n\n").next().unwrap_or_default()
}

fn field_notes(field: &FieldDescriptor, options: &Options, comments: &FileComments) -> FieldNotes {
    FieldNotes {
        required: options.behaves(field, FieldBehavior::Required),
        output_only: options.behaves(field, FieldBehavior::OutputOnly),
        input_only: options.behaves(field, FieldBehavior::InputOnly),
        call_control: options.is_call_control(field),
        tool_hidden: options.is_tool_hidden(field),
        value_of: options.value_of(field),
        example: options.example(field),
        media_types: options.media_types(field),
        rules: options.rules(field),
        comment: comments.at(field.path()),
    }
}
