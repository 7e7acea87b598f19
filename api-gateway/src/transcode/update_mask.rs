use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use service_runtime::suggestion::did_you_mean;

use super::violation::{Violations, within};
use crate::catalog::{Binding, Notes, Rpc, is_update_mask};

/// Returns the field that names what an update changes, if a request has one.
pub(super) fn mask_field(message: &MessageDescriptor) -> Option<FieldDescriptor> {
    let field = message.get_field_by_name("update_mask")?;
    is_update_mask(&field).then_some(field)
}

/// Tells whether an update writes this field: not what identifies the thing, steers the call or is the server's own.
pub(super) fn is_written(
    notes: &Notes,
    binding: Option<&Binding>,
    field: &FieldDescriptor,
) -> bool {
    let notes = notes.field(field);
    let identifies = binding.is_some_and(|binding| binding.fills(field));
    field.name() != "update_mask" && !identifies && !notes.call_control && !notes.output_only
}

/// Returns the fields that an agent may ask to empty; none if the RPC is no partial update. A flag is set, not emptied, and some
/// texts cannot be empty.
pub fn clearable_fields(notes: &Notes, rpc: &Rpc) -> Vec<FieldDescriptor> {
    let input = rpc.method.input();
    if mask_field(&input).is_none() {
        return Vec::new();
    }
    let binding = rpc.bindings.first();
    let fields = input.fields().filter(|field| {
        is_written(notes, binding, field)
            && !notes.field(field).required
            && !notes.field(field).rules.refuses_empty()
            && !notes.field(field).tool_hidden
            && field.kind() != Kind::Bool
    });
    fields.collect()
}

/// Notes an update that would have no effect on a field that it names: an empty value neither says what the field should
/// be, nor that it should be empty, because many models fill what they do not mean with `""`. `clear` says the latter.
pub(super) fn refuse_blank(
    faults: &mut Violations,
    field: &FieldDescriptor,
    can_clear: bool,
    at: &str,
) {
    let name = field.name();
    let description = match can_clear {
        true => format!("is empty; to clear it, give clear: [\"{name}\"], to keep it leave it out"),
        false => "is empty; give a value, or leave it out to keep it".to_owned(),
    };
    faults.add(within(at, name), description);
}

/// Writes the names into the mask.
pub(super) fn set_mask(message: &mut DynamicMessage, mask: &FieldDescriptor, names: Vec<String>) {
    if let Value::Message(value) = message.get_field_mut(mask) {
        let paths = names.into_iter().map(Value::String).collect();
        value.set_field_by_name("paths", Value::List(paths));
    }
}

/// Notes every name in an explicit mask that is no field of what is updated; it would be passed over in silence.
pub(super) fn check_mask(
    message: &DynamicMessage,
    mask: &FieldDescriptor,
    updated: &MessageDescriptor,
    at: &str,
    faults: &mut Violations,
) {
    let value = message.get_field(mask);
    let paths = value
        .as_message()
        .and_then(|mask| mask.get_field_by_name("paths"));
    let Some(paths) = paths else { return };
    let names: Vec<String> = updated.fields().map(|f| f.name().to_owned()).collect();
    for path in paths
        .as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
    {
        if faults.is_full() {
            return;
        }
        let name = path.split('.').next().unwrap_or_default();
        if name != "*" && updated.get_field_by_name(name).is_none() {
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            faults.add(
                within(at, mask.name()),
                format!("names {path}, which is not a field{hint}"),
            );
        }
    }
}
