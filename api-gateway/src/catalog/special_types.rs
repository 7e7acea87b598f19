use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// Tells whether a message is a `google.api.HttpBody`: a file of its own type, which travels as it is and not as JSON.
pub fn is_file(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.api.HttpBody"
}

/// Tells whether a field holds one file.
pub(super) fn holds_file(field: &FieldDescriptor) -> bool {
    !field.is_list() && matches!(field.kind(), Kind::Message(message) if is_file(&message))
}
