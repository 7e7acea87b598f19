//! `.env.example`, for services as processes of their own.

use std::collections::BTreeSet;

use crate::{
    env_file::{self, Lines, Variables},
    services::{self, OneService},
};

const FILE: &str = ".env.example";
/// A name that no configuration has.
const NONSENSE: &str = "NONSENSE";
/// Stands in the shared section for the prefix of each service.
const ANY_SERVICE: &str = "SERVICE_";

#[test]
fn every_service_reads_the_example() {
    let variables = env_file::read(FILE, Lines::Set);
    let mut ports = BTreeSet::new();
    for service in services::all() {
        let loaded = (service.load)(&variables).unwrap();
        ports.extend([loaded.door().port(), loaded.admin.port()]);
    }
    assert_eq!(ports.len(), 12, "no two services share a port: {ports:?}");
}

#[test]
fn optional_variables_of_the_example_are_valid() {
    for service in services::all() {
        (service.load)(&offered(&service)).unwrap();
    }
}

#[test]
fn example_lists_all_variables_of_every_service() {
    for service in services::all() {
        let offered = offered(&service);
        let known = known(&service, &format!("{}_", service.prefix), &offered);
        assert!(known.len() > 15, "{known:?}");
        let missing: Vec<&String> = known
            .iter()
            .filter(|name| !offered.contains_key(*name))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// Returns the variables of a service: its own, and the shared ones of the groups that it sets something of.
fn offered(service: &OneService) -> Variables {
    let set = env_file::read(FILE, Lines::Set);
    let own = format!("{}_", service.prefix);
    let mut variables = Variables::new();
    for (name, value) in env_file::read(FILE, Lines::Offered) {
        let Some(shared) = name.strip_prefix(ANY_SERVICE) else {
            variables.insert(name, value);
            continue;
        };
        let group = shared.split("__").next().unwrap_or(shared);
        let group = format!("{own}{group}__");
        if set.keys().any(|name| name.starts_with(&group)) {
            variables.entry(format!("{own}{shared}")).or_insert(value);
        }
    }
    variables
}

/// Finds out what a service knows by setting nonsense: the error lists what it would take instead.
fn known(service: &OneService, group: &str, valid: &Variables) -> Vec<String> {
    let mut variables = valid.clone();
    variables.insert(format!("{group}{NONSENSE}"), String::new());
    let error = (service.load)(&variables).unwrap_err();
    let Some((_, expected)) = error.split_once(&format!(
        "unknown field `{}`, expected ",
        NONSENSE.to_lowercase()
    )) else {
        // No group of fields, but a value, or a map whose keys are free.
        let in_map = valid.keys().filter(|name| name.starts_with(group)).cloned();
        let value = group.trim_end_matches('_').to_owned();
        return in_map.chain([value]).take(1).collect();
    };
    let (expected, _) = expected.split_once(" for key ").unwrap_or((expected, ""));
    let fields = expected.split('`').skip(1).step_by(2);
    fields
        .map(|field| format!("{group}{}", field.to_uppercase()))
        .flat_map(|name| match valid.contains_key(&name) {
            true => vec![name],
            false => known(service, &format!("{name}__"), valid),
        })
        .collect()
}
