use prost::Message;
use service_runtime::suggestion::did_you_mean;

use super::{
    violation::{Violations, within},
    wire::{Fields, put_bytes},
};
use crate::catalog::{Binding, FieldPlan, Kind, MessagePlan, Plans, Rpc};

/// Tells whether an update writes this field: not what identifies the thing, steers the call or is the server's own. A binding is
/// that of the request whose field it is.
pub(super) fn is_written(binding: Option<&Binding>, field: &FieldPlan) -> bool {
    let identifies = binding.is_some_and(|binding| binding.fills(field.number));
    !field.is_mask && !identifies && !field.call_control && !field.output_only
}

/// Returns the fields that an agent may ask to empty; none if the RPC is no partial update. A flag is set, not emptied, and some
/// texts cannot be empty.
pub fn clearable_fields<'a>(plans: &'a Plans, rpc: &Rpc) -> Vec<&'a FieldPlan> {
    let plan = &plans[rpc.input];
    if plan.update_mask.is_none() {
        return Vec::new();
    }
    let binding = rpc.bindings.first();
    let fields = plan.fields.iter().map(AsRef::as_ref);
    let fields = fields.filter(|field: &&FieldPlan| {
        is_written(binding, field)
            && !field.required
            && !field.rules.refuses_empty()
            && !field.tool_hidden
            && field.kind != Kind::Bool
    });
    fields.collect()
}

/// Notes an update that would have no effect on a field that it names: an empty value neither says what the field should
/// be, nor that it should be empty, because many models fill what they do not mean with `""`. `clear` says the latter.
pub(super) fn refuse_blank(
    violations: &mut Violations,
    field: &FieldPlan,
    can_clear: bool,
    path: String,
) {
    let name = &field.name;
    let description = match can_clear {
        true => format!("is empty; to clear it, give clear: [\"{name}\"], to keep it leave it out"),
        false => "is empty; give a value, or leave it out to keep it".to_owned(),
    };
    violations.add(path, description);
}

/// Returns the names in the mask of a message; none if it has no mask.
pub fn mask_in(message: &[u8], mask: &FieldPlan) -> Option<Vec<String>> {
    let mut found = None;
    let mut fields = Fields::of(message);
    while let Ok(Some((number, payload))) = fields.next_field() {
        if number == mask.number
            && let Some(part) = payload.bytes()
        {
            let part = prost_types::FieldMask::decode(part).unwrap_or_default();
            found.get_or_insert_with(Vec::new).extend(part.paths);
        }
    }
    found
}

/// Appends a mask of these names.
pub fn put_mask(message: &mut Vec<u8>, mask: &FieldPlan, paths: Vec<String>) {
    let paths = prost_types::FieldMask { paths };
    put_bytes(message, mask.number, &paths.encode_to_vec());
}

/// Notes every name in an explicit mask that is no field of what is updated; it would be passed over in silence.
pub(super) fn check_mask(
    paths: &[String],
    mask: &FieldPlan,
    updated: &MessagePlan,
    at: &str,
    violations: &mut Violations,
) {
    for path in paths {
        if violations.is_full() {
            return;
        }
        let name = path.split('.').next().unwrap_or_default();
        let names = || updated.fields.iter().map(|field| field.name.as_str());
        if name != "*" && !names().any(|known| known == name) {
            let hint = did_you_mean(name, names());
            violations.add(
                within(at, &mask.name),
                format!("names {path}, which is not a field{hint}"),
            );
        }
    }
}
