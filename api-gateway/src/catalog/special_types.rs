use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// Reports whether a message is a `google.api.HttpBody`: a file of its own type, which travels as it is and not as JSON.
pub fn is_file(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.api.HttpBody"
}

/// Reports whether a field holds one file.
pub fn holds_file(field: &FieldDescriptor) -> bool {
    !field.is_list() && matches!(field.kind(), Kind::Message(message) if is_file(&message))
}

/// Reports whether a message has a JSON form of its own.
pub fn is_well_known(message: &MessageDescriptor) -> bool {
    message.full_name().starts_with("google.protobuf.")
}

/// Reports whether a field names what an update changes (AIP-134).
pub fn is_update_mask(field: &FieldDescriptor) -> bool {
    let is_mask = |kind: Kind| matches!(kind, Kind::Message(message) if message.full_name() == "google.protobuf.FieldMask");
    field.name() == "update_mask" && !field.is_list() && is_mask(field.kind())
}
