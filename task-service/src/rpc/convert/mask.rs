use prost_types::FieldMask;

use crate::domain::{Violations, nearest};

/// The fields of a task that an update writes.
pub const TASK_FIELDS: &[&str] = &[
    "title",
    "description",
    "priority",
    "due_time",
    "time_zone",
    "recurrence_rule",
    "recurrence_anchor",
    "reminders",
    "muted",
    "due_date",
    "due_local_time",
    "start_time",
    "category",
    "tags",
    "parent_task_id",
    "depends_on",
];

/// Fields that an update writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateMask(Vec<&'static str>);

impl UpdateMask {
    /// Returns the mask that names these fields.
    pub fn of(fields: &[&'static str]) -> Self {
        Self(fields.to_vec())
    }

    /// Reads a mask (AIP-134): field names, or `*` alone for all of them.
    ///
    /// The fields that it names rightly are returned even if others are wrong, so that their values can be checked as well.
    pub fn parse(
        mask: Option<FieldMask>,
        known: &[&'static str],
        violations: &mut Violations,
    ) -> Self {
        let paths = mask.unwrap_or_default().paths;
        match paths.as_slice() {
            [] => violations.push(
                "update_mask",
                "must name at least one field to change, or be * for all of them",
            ),
            [all] if all == "*" => return Self::of(known),
            _ => {}
        }
        let mut fields = Vec::new();
        for path in &paths {
            match known.iter().find(|field| *field == path) {
                Some(field) => fields.push(*field),
                None => violations.push("update_mask", complaint(path, known)),
            }
        }
        Self(fields)
    }

    /// Returns whether the update writes a field.
    pub fn has(&self, field: &str) -> bool {
        self.0.contains(&field)
    }
}

fn complaint(path: &str, known: &[&str]) -> String {
    let shown: String = path
        .chars()
        .filter(|character| !character.is_control())
        .take(50)
        .collect();
    let cure = match path {
        "*" => return "* means all fields and must stand alone".to_owned(),
        "state" | "complete_time" => "complete or reopen the task instead".to_owned(),
        "blocked_by" => "change depends_on, or complete the tasks that it names".to_owned(),
        "delete_time" => "delete or undelete the task instead".to_owned(),
        _ => match nearest(&shown, known.iter().copied()) {
            Some(field) => format!("did you mean {field}?"),
            None => format!("the fields are {}", known.join(", ")),
        },
    };
    format!("names {shown:?}, which cannot be updated; {cure}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::convert::tests::taskmesh_fields;

    fn parse(paths: &[&str]) -> (UpdateMask, Vec<String>) {
        let mut violations = Violations::default();
        let paths = paths.iter().map(ToString::to_string).collect();
        let mask = UpdateMask::parse(Some(FieldMask { paths }), TASK_FIELDS, &mut violations);
        let descriptions = violations.as_slice().iter().map(|violation| {
            assert_eq!(violation.field, "update_mask");
            violation.description.clone()
        });
        (mask, descriptions.collect())
    }

    #[test]
    fn every_value_of_an_update_can_be_masked() {
        let fields = taskmesh_fields("UpdateTaskRequest");
        let control = [
            "task_id",
            "update_mask",
            "etag",
            "request_id",
            "validate_only",
        ];
        let values = fields
            .iter()
            .filter(|field| !control.contains(&field.as_str()));
        assert!(values.eq(TASK_FIELDS.iter()));
    }

    #[test]
    fn a_mask_names_the_fields_to_write() {
        let (mask, violations) = parse(&["title", "due_time", "title"]);
        assert!(violations.is_empty());
        assert!(mask.has("title") && mask.has("due_time") && !mask.has("muted"));
    }

    #[test]
    fn a_star_names_all_fields() {
        assert_eq!(parse(&["*"]), (UpdateMask::of(TASK_FIELDS), vec![]));
        assert_eq!(
            parse(&["title", "*"]).1,
            ["* means all fields and must stand alone"]
        );
    }

    #[test]
    fn an_empty_or_absent_mask_is_refused() {
        assert_eq!(parse(&[]).1.len(), 1);
        let mut violations = Violations::default();
        UpdateMask::parse(None, TASK_FIELDS, &mut violations);
        assert_eq!(violations.as_slice().len(), 1);
    }

    #[test]
    fn an_unknown_field_brings_a_suggestion() {
        let (mask, violations) = parse(&["titel", "muted"]);
        assert_eq!(
            violations,
            [r#"names "titel", which cannot be updated; did you mean title?"#]
        );
        assert!(mask.has("muted"));
        assert!(parse(&["state"]).1[0].ends_with("complete or reopen the task instead"));
        assert!(parse(&["colour"]).1[0].contains("the fields are title, description"));
        assert!(parse(&[&"x\0".repeat(100_000)]).1[0].len() < 300);
    }
}
