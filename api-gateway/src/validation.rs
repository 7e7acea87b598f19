//! Calls that are only checked (AIP-163), for requests of which a part cannot be read.

use service_runtime::grpc::FieldViolation;

use crate::{
    catalog::{Kind, Plans, Rpc},
    transcode::{Fields, Payload, mask_in, put, put_mask},
};

/// Makes a request one that is only checked, without anything else that steers the call; none if the RPC has no such requests. An update
/// mask that was derived names no field that could not be read, which an update would empty.
pub fn only_checked(
    plans: &Plans,
    rpc: &Rpc,
    message: &[u8],
    violations: &[FieldViolation],
) -> Option<Vec<u8>> {
    let plan = &plans[rpc.input];
    let validate_only = plan.field("validate_only")?;
    if validate_only.kind != Kind::Bool || !validate_only.call_control {
        return None;
    }
    let mut checked = Vec::with_capacity(message.len());
    let mut fields = Fields::of(message);
    while let Ok(Some((number, payload))) = fields.next_field() {
        let field = plan.by_number(number).map(|at| &plan.fields[at]);
        if field.is_some_and(|field| !field.is_mask && !field.call_control) {
            put(&mut checked, number, payload);
        }
    }
    if let Some(mask) = &plan.update_mask
        && let Some(mut paths) = mask_in(message, mask)
    {
        let is_unread = |path: &str| violations.iter().any(|one| overlap(path, &one.field));
        paths.retain(|path| !is_unread(path));
        put_mask(&mut checked, mask, paths);
    }
    put(&mut checked, validate_only.number, Payload::Varint(1));
    Some(checked)
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
