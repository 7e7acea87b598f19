//! `.env.example`, for services as processes of their own.

use std::collections::BTreeSet;

use crate::{
    env_file::{self, Lines, Variables},
    services::{self, OneService},
};

/// A name that no configuration has.
const NONSENSE: &str = "NONSENSE";

#[test]
fn every_service_reads_the_example_environment() {
    let variables = env_file::read(".env.example", Lines::Set);
    let mut doors = BTreeSet::new();
    for service in services::all() {
        let loaded = (service.load)(&variables).unwrap();
        doors.extend([loaded.door().port(), loaded.admin.port()]);
    }
    assert_eq!(doors.len(), 12, "no two services share a port: {doors:?}");
}

#[test]
fn what_the_example_environment_only_offers_can_be_set_too() {
    let variables = env_file::read(".env.example", Lines::Offered);
    for service in services::all() {
        (service.load)(&variables).unwrap();
    }
}

#[test]
fn the_example_environment_offers_every_variable_that_a_service_knows() {
    let offered = env_file::read(".env.example", Lines::Offered);
    for service in services::all() {
        let known = known(&service, &format!("{}_", service.prefix), &offered);
        assert!(known.len() > 15, "{known:?}");
        let missing: Vec<&String> = known
            .iter()
            .filter(|name| !offered.contains_key(*name))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
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
