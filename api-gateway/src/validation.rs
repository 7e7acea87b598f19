//! Calls that are only checked (AIP-163), for requests of which a part cannot be read.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};
use service_runtime::grpc::FieldViolation;

use crate::catalog::{Notes, is_update_mask};

/// Makes a request one that is only checked, without anything else that steers the call; none if the RPC has no such requests. An update
/// mask that was derived names no field that could not be read, which an update would empty.
pub fn only_checked(
    notes: &Notes,
    mut message: DynamicMessage,
    violations: &[FieldViolation],
) -> Option<DynamicMessage> {
    let descriptor = message.descriptor();
    let is_control = |field: &FieldDescriptor| notes.field(field).call_control;
    let validate_only = descriptor.get_field_by_name("validate_only")?;
    if validate_only.kind() != Kind::Bool || !is_control(&validate_only) {
        return None;
    }
    for field in descriptor.fields().filter(is_control) {
        message.clear_field(&field);
    }
    message.set_field(&validate_only, Value::Bool(true));
    if let Some(mask) = descriptor.get_field_by_name("update_mask")
        && is_update_mask(&mask)
        && message.has_field(&mask)
        && let Value::Message(mask) = message.get_field_mut(&mask)
        && let Some(Value::List(paths)) = mask.get_field_by_name_mut("paths")
    {
        paths.retain(|path| {
            let is_unread = |violation: &FieldViolation| {
                path.as_str()
                    .is_some_and(|path| overlap(path, &violation.field))
            };
            !violations.iter().any(is_unread)
        });
    }
    Some(message)
}

/// Adds what a service found in the rest of a request. It cannot judge the fields that could not be read, nor an update mask that was
/// derived from those that could.
pub fn add_new(violations: &mut Vec<FieldViolation>, found: Vec<FieldViolation>) {
    let known = violations.len();
    for violation in found {
        let is_known = violations[..known]
            .iter()
            .any(|known| overlap(&known.field, &violation.field));
        if !is_known && violation.field != "update_mask" {
            violations.push(violation);
        }
    }
}

/// Tells whether two paths name the same field, or one a part of the other.
fn overlap(one: &str, other: &str) -> bool {
    let contains = |whole: &str, part: &str| {
        part.strip_prefix(whole)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    contains(one, other) || contains(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_of_other_fields_are_added() {
        let list = |fields: &[&str]| -> Vec<FieldViolation> {
            let fields = fields.iter();
            fields
                .map(|field| FieldViolation::new(*field, ""))
                .collect()
        };
        let mut violations = list(&["tittle", "reminders[0].at_time", "due_time"]);
        let found = [
            "due_time",
            "reminders[0]",
            "reminders[1]",
            "update_mask",
            "due_time_zone",
            "title",
        ];
        add_new(&mut violations, list(&found));
        let fields: Vec<&str> = violations
            .iter()
            .map(|violation| violation.field.as_str())
            .collect();
        let expected = [
            "tittle",
            "reminders[0].at_time",
            "due_time",
            "reminders[1]",
            "due_time_zone",
            "title",
        ];
        assert_eq!(fields, expected);
    }
}
