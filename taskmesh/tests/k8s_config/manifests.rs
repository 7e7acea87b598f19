//! What `kubectl kustomize` makes of a folder.

use std::{collections::BTreeMap, path::PathBuf, process::Command, sync::LazyLock};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::env_file::{self, Lines, Variables};

/// Everything that one folder would have applied.
pub struct Manifests {
    /// The folder, relative to the repository.
    pub folder: &'static str,
    pub objects: Vec<Value>,
}

/// Returns the folder that the repository is checked out in.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Manifests {
    pub fn base() -> &'static Self {
        static BASE: LazyLock<Manifests> = LazyLock::new(|| Manifests::render("k8s/base"));
        &BASE
    }

    pub fn local() -> &'static Self {
        static LOCAL: LazyLock<Manifests> =
            LazyLock::new(|| Manifests::render("k8s/overlays/local"));
        &LOCAL
    }

    pub fn production() -> &'static Self {
        static PRODUCTION: LazyLock<Manifests> =
            LazyLock::new(|| Manifests::render("k8s/overlays/production"));
        &PRODUCTION
    }

    pub fn overlays() -> [&'static Self; 2] {
        [Self::local(), Self::production()]
    }

    pub fn all() -> [&'static Self; 3] {
        [Self::base(), Self::local(), Self::production()]
    }

    fn render(folder: &'static str) -> Self {
        let output = Command::new("kubectl")
            .arg("kustomize")
            .arg(repository().join(folder))
            .output()
            .unwrap_or_else(|error| panic!("cannot run kubectl ({error}): install kubectl 1.27 or newer, these tests render with it"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{folder} does not render: {errors}"
        );
        assert!(
            !errors.to_lowercase().contains("warning"),
            "{folder} renders with warnings: {errors}"
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let objects = serde_saphyr::from_multiple(&text).unwrap();
        Self { folder, objects }
    }

    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects
            .iter()
            .filter(move |object| object["kind"] == kind)
    }

    pub fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.of_kind(kind).find(|object| name_of(object) == name)
    }

    pub fn get(&self, kind: &str, name: &str) -> &Value {
        self.find(kind, name)
            .unwrap_or_else(|| panic!("{} has no {kind} {name}", self.folder))
    }

    /// Returns what runs a program of this repository: the servers and the Jobs.
    pub fn own_workloads(&self) -> impl Iterator<Item = &Value> {
        self.of_kind("Deployment").chain(self.of_kind("Job"))
    }

    /// Returns the environment that the manifests give a workload's container; what a Secret that is made by hand has, the
    /// example beside the overlay tells.
    pub fn environment(&self, workload: &Value) -> Variables {
        let mut variables = BTreeMap::new();
        let container = container(workload);
        assert_eq!(
            container["env"],
            Value::Null,
            "settings stand in config maps and secrets only"
        );
        for source in items(&container["envFrom"]) {
            if let Some(name) = source["configMapRef"]["name"].as_str() {
                variables.extend(strings(&self.get("ConfigMap", name)["data"]));
            } else {
                let name = source["secretRef"]["name"].as_str().unwrap();
                variables.extend(self.secret(name));
            }
        }
        variables
    }

    fn secret(&self, name: &str) -> Variables {
        match self.find("Secret", name) {
            Some(secret) => strings(&secret["data"])
                .into_iter()
                .map(|(name, value)| (name, from_base64(&value)))
                .collect(),
            None => env_file::read(
                &format!("k8s/overlays/production/secrets/{name}.env.example"),
                Lines::Set,
            ),
        }
    }
}

/// Returns the name of an object.
pub fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

/// Returns what a workload's pods look like.
pub fn pod(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

/// Returns the only container of a workload's pods.
pub fn container(workload: &Value) -> &Value {
    let containers = items(&pod(workload)["containers"]);
    assert_eq!(containers.len(), 1, "{}", name_of(workload));
    &containers[0]
}

/// Returns the items of a list, none if it is absent.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the texts of a map such as `data` or `labels`, none if it is absent.
pub fn strings(value: &Value) -> Variables {
    let text = |value: &Value| value.as_str().expect("only texts").to_owned();
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// Tells whether a selector's labels are all among the given ones.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let labels = strings(labels);
    strings(selector)
        .iter()
        .all(|(name, value)| labels.get(name) == Some(value))
}

fn from_base64(text: &str) -> String {
    // YAML folds long values.
    let text: String = text.split_whitespace().collect();
    String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap()
}
