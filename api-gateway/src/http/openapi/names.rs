//! Short names of schemas, which become the names of types in generated clients.

use std::collections::HashMap;

use serde_json::Value;

use crate::catalog::{Schema, short_name};

const SCHEMAS: &str = "#/components/schemas/";

/// Names every schema by its message or enum alone, such as `Task`; where two would have the same name, both begin with the name
/// of their package, such as `RealtimeLive`.
pub(super) fn shorten_names(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas");
    let Some(schemas) = schemas.and_then(Value::as_object_mut) else {
        return;
    };
    let names = short_names(schemas.keys());
    *schemas = std::mem::take(schemas)
        .into_iter()
        .map(|(full, schema)| (names[&full].clone(), schema))
        .collect::<Schema>();
    replace_references(document, &names);
}

fn short_names<'a>(full_names: impl Iterator<Item = &'a String>) -> HashMap<String, String> {
    let mut by_short: HashMap<&str, Vec<&String>> = HashMap::new();
    for full in full_names {
        by_short.entry(short_name(full)).or_default().push(full);
    }
    let names = by_short.into_iter().flat_map(|(short, all)| {
        let is_unique = all.len() == 1;
        all.into_iter().map(move |full| match is_unique {
            true => (full.clone(), short.to_owned()),
            false => (full.clone(), qualified(full)),
        })
    });
    names.collect()
}

/// Returns the full name in Pascal case, without the name of the product and the version.
fn qualified(full: &str) -> String {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    let parts = full.split('.').skip(1).filter(|part| !is_version(part));
    parts
        .map(|part| part[..1].to_ascii_uppercase() + &part[1..])
        .collect()
}

fn replace_references(value: &mut Value, names: &HashMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        let full = reference.strip_prefix(SCHEMAS);
                        if let Some(short) = full.and_then(|full| names.get(full)) {
                            *reference = format!("{SCHEMAS}{short}");
                        }
                    }
                    value => replace_references(value, names),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                replace_references(item, names);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_names_that_collide_become_longer() {
        let mut document = json!({
            "components": {"schemas": {
                "mesh.task.v1.Task": {"$ref": "#/components/schemas/mesh.audit.v1.Live"},
                "mesh.audit.v1.Live": {},
                "mesh.feed.v2.Live": {},
            }},
            "paths": [{"$ref": "#/components/schemas/mesh.task.v1.Task"}],
        });
        shorten_names(&mut document);
        let expected = json!({
            "components": {"schemas": {
                "Task": {"$ref": "#/components/schemas/AuditLive"},
                "AuditLive": {},
                "FeedLive": {},
            }},
            "paths": [{"$ref": "#/components/schemas/Task"}],
        });
        assert_eq!(document, expected);
    }
}
