//! The methods that a server may be asked for, so that made-up names do not become labels and log fields.

use std::{collections::HashSet, sync::LazyLock};

use prost::Message;
use prost_types::FileDescriptorSet;

/// What a method that nobody declared is called.
pub(super) const OTHER: &str = "_OTHER";

const OPEN_PREFIXES: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];

static DECLARED: LazyLock<Declared> = LazyLock::new(Declared::read);

#[derive(Default)]
struct Declared {
    services: Vec<String>,
    methods: HashSet<String>,
}

impl Declared {
    fn read() -> Self {
        let mut declared = Self::default();
        for encoded in [
            taskmesh_proto::FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ] {
            let set = FileDescriptorSet::decode(encoded).expect("the build encoded it");
            for file in &set.file {
                for service in &file.service {
                    let name = format!("{}.{}", file.package(), service.name());
                    for method in &service.method {
                        declared.methods.insert(format!("{name}/{}", method.name()));
                    }
                    declared.services.push(name);
                }
            }
        }
        declared
    }
}

/// Returns the full name of the method behind a path such as `/taskmesh.task.v1.TaskService/GetTask`, or [`OTHER`].
pub(super) fn name(path: &str) -> &'static str {
    path.strip_prefix('/')
        .and_then(|name| DECLARED.methods.get(name))
        .map_or(OTHER, String::as_str)
}

/// Returns the names of all declared services.
pub(super) fn services() -> &'static [String] {
    &DECLARED.services
}

/// Tells whether anybody may call this path without a token: health and reflection.
pub(super) fn is_open(path: &str) -> bool {
    OPEN_PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_methods_keep_their_names_and_others_share_one() {
        assert_eq!(
            name("/taskmesh.task.v1.TaskService/GetTask"),
            "taskmesh.task.v1.TaskService/GetTask"
        );
        assert_eq!(
            name("/grpc.health.v1.Health/Check"),
            "grpc.health.v1.Health/Check"
        );
        assert_eq!(name("/taskmesh.task.v1.TaskService/Made-up"), OTHER);
        assert_eq!(name("//"), OTHER);
    }

    #[test]
    fn only_health_and_reflection_are_open() {
        assert!(is_open("/grpc.health.v1.Health/Check"));
        assert!(is_open(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        ));
        assert!(!is_open("/taskmesh.task.v1.TaskService/GetTask"));
        assert!(!is_open("/x/grpc.health.v1.Health/Check"));
    }
}
