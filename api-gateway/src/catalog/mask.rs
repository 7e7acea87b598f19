use prost_reflect::{FieldDescriptor, Kind};

/// Tells whether a field names what an update changes (AIP-134).
pub fn is_update_mask(field: &FieldDescriptor) -> bool {
    let is_mask = |kind: Kind| matches!(kind, Kind::Message(message) if message.full_name() == "google.protobuf.FieldMask");
    field.name() == "update_mask" && !field.is_list() && is_mask(field.kind())
}
