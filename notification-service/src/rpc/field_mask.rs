//! Update masks: which fields a request changes.

use prost_types::FieldMask;
use service_runtime::{grpc::FieldViolation, suggestion::nearest};

/// Returns the names of the mask, or what is wrong with it: nothing named, or names of no field that can be changed.
pub(super) fn read(
    mask: Option<FieldMask>,
    fields: &'static [&'static str],
) -> Result<Vec<&'static str>, FieldViolation> {
    let paths = mask.unwrap_or_default().paths;
    if paths.is_empty() {
        return Err(violation(format!(
            "must name the fields to change: {}",
            fields.join(", ")
        )));
    }
    paths
        .iter()
        .map(|path| {
            fields
                .iter()
                .find(|field| *field == path)
                .copied()
                .ok_or_else(|| violation(unknown(path, fields)))
        })
        .collect()
}

fn violation(description: String) -> FieldViolation {
    FieldViolation::new("update_mask", description)
}

fn unknown(path: &str, fields: &[&str]) -> String {
    match nearest(path, fields.iter().copied()) {
        Some(field) => format!("has no field {path:?}; did you mean {field:?}?"),
        None => format!("has no field {path:?}; it can name {}", fields.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[&str] = &["email_address", "email_enabled"];

    fn read_paths(paths: &[&str]) -> Result<Vec<&'static str>, String> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        read(Some(FieldMask { paths }), FIELDS).map_err(|violation| violation.description)
    }

    #[test]
    fn known_names_are_taken() {
        assert_eq!(read_paths(&["email_enabled"]).unwrap(), ["email_enabled"]);
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        assert_eq!(
            read_paths(&["email_adress"]).unwrap_err(),
            "has no field \"email_adress\"; did you mean \"email_address\"?"
        );
    }

    #[test]
    fn a_foreign_name_gets_the_list() {
        assert_eq!(
            read_paths(&["title"]).unwrap_err(),
            "has no field \"title\"; it can name email_address, email_enabled"
        );
    }

    #[test]
    fn an_empty_mask_gets_the_list() {
        let wanted = "must name the fields to change: email_address, email_enabled";
        assert_eq!(read_paths(&[]).unwrap_err(), wanted);
        assert_eq!(read(None, FIELDS).unwrap_err().description, wanted);
    }
}
