//! Where secrets stand: never in what is committed for production.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    env_file::{self, Lines},
    manifests::{Manifests, container, items, repository, strings},
};

/// Collects the names under a key such as `secretRef` anywhere in a value.
fn names<'a>(value: &'a Value, key: &str, name: &str, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get(key)
                    .and_then(|reference| reference[name].as_str()),
            );
            fields
                .values()
                .for_each(|value| names(value, key, name, found));
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| names(value, key, name, found)),
        _ => {}
    }
}

#[test]
fn base_and_production_name_secrets_and_have_none() {
    for manifests in [Manifests::base(), Manifests::production()] {
        assert_eq!(
            manifests.of_kind("Secret").count(),
            0,
            "{}",
            manifests.folder
        );
        for map in manifests.of_kind("ConfigMap") {
            for (name, value) in strings(&map["data"]) {
                let secret = ["SECRET", "PASSWORD", "USERNAME", "TOKEN"]
                    .iter()
                    .any(|word| name.ends_with(word));
                assert!(
                    !secret && !value.contains('@') || name.ends_with("SMTP__FROM"),
                    "{name} in {}",
                    manifests.folder
                );
                assert!(
                    !name.ends_with("DATABASE__URL"),
                    "{name} in {}",
                    manifests.folder
                );
            }
        }
    }
}

#[test]
fn every_secret_that_production_names_is_in_the_guide_with_its_keys() {
    let guide = fs::read_to_string(repository().join("k8s/README.md")).unwrap();
    let production = Manifests::production();
    let mut found = BTreeSet::new();
    for object in &production.objects {
        names(object, "secretRef", "name", &mut found);
        names(object, "secret", "name", &mut found);
        names(object, "secret", "secretName", &mut found);
        names(object, "configMap", "name", &mut found);
        for tls in items(&object["spec"]["tls"]) {
            found.extend(tls["secretName"].as_str());
        }
    }
    assert!(found.len() >= 7, "{found:?}");
    for name in found {
        assert!(
            guide.contains(&format!("| `{name}`")),
            "k8s/README.md does not name {name}"
        );
    }
    for workload in production.own_workloads() {
        for source in items(&container(workload)["envFrom"]) {
            if let Some(name) = source["secretRef"]["name"].as_str() {
                let path = format!("k8s/overlays/production/secrets/{name}.env.example");
                for key in env_file::read(&path, Lines::Set).keys() {
                    assert!(
                        guide.contains(key),
                        "k8s/README.md does not name {key} of {name}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_word_that_is_secret_on_a_developers_machine_says_what_it_is() {
    let local = Manifests::local();
    for workload in local.of_kind("Deployment") {
        for (name, value) in local.environment(workload) {
            let secret = name.ends_with("SECRET") || name.ends_with("DATABASE__URL");
            assert!(!secret || value.contains("development-only"), "{name}");
        }
    }
}
