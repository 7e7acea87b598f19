//! Short names of schemas, which become the names of types in generated clients.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Catalog, Kind, short_name};

/// Full name of errors.
pub(super) const ERROR: &str = "google.rpc.Status";

/// Returns the names of the types of a catalog.
pub(super) fn schema_names(catalog: &Catalog) -> HashMap<String, String> {
    let mut reached = Vec::new();
    for rpc in &catalog.rpcs {
        catalog.plans.reach(rpc.input, &mut reached);
        catalog.plans.reach(rpc.output, &mut reached);
    }
    let mut full_names = HashSet::from([ERROR]);
    for message in reached.into_iter().map(|message| &catalog.plans[message]) {
        full_names.insert(&message.full_name);
        full_names.extend(message.fields.iter().filter_map(|field| match &field.kind {
            Kind::Enum(enumeration) => Some(enumeration.full_name.as_str()),
            _ => None,
        }));
    }
    short_names(full_names)
}

/// Names every type without its package, such as `Task`; where two would have the same name, both begin with the name of their package, such as
/// `RealtimeLive`.
fn short_names<'a>(full_names: impl IntoIterator<Item = &'a str>) -> HashMap<String, String> {
    let mut by_short: HashMap<&str, Vec<&str>> = HashMap::new();
    for full in full_names {
        by_short.entry(short_name(full)).or_default().push(full);
    }
    let names = by_short.into_iter().flat_map(|(short, all)| {
        let is_unique = all.len() == 1;
        all.into_iter().map(move |full| match is_unique {
            true => (full.to_owned(), short.to_owned()),
            false => (full.to_owned(), qualified(full)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_collide_become_longer() {
        let full_names = [
            "mesh.task.v1.Task",
            "mesh.audit.v1.Live",
            "mesh.feed.v2.Live",
        ];
        let names = short_names(full_names);
        let short = full_names.map(|full| names[full].as_str());
        assert_eq!(short, ["Task", "AuditLive", "FeedLive"]);
    }
}
