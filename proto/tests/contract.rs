//! What the contract must keep: everything is explained, every call has its door, every topic has its message.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use prost_reflect::{
    DescriptorPool, FileDescriptor, MethodDescriptor, Value, prost_types::SourceCodeInfo,
};
use taskmesh_proto::{FILE_DESCRIPTOR_SET, SOURCES, topics};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap()
}

fn own_files(pool: &DescriptorPool) -> impl Iterator<Item = FileDescriptor> {
    pool.files()
        .filter(|file| file.package_name().starts_with("taskmesh."))
}

fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    pool.services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

fn option(method: &MethodDescriptor, name: &str) -> Option<Value> {
    let extension = method.parent_pool().get_extension_by_name(name).unwrap();
    let options = method.options();
    options
        .has_extension(&extension)
        .then(|| options.get_extension(&extension).into_owned())
}

fn is_internal(method: &MethodDescriptor) -> bool {
    option(method, "taskmesh.common.v1.internal").is_some_and(|value| value.as_bool() == Some(true))
}

fn is_for_operators(method: &MethodDescriptor) -> bool {
    method
        .parent_service()
        .package_name()
        .starts_with("taskmesh.admin.")
}

fn comments(info: &SourceCodeInfo) -> BTreeMap<Vec<i32>, String> {
    info.location
        .iter()
        .map(|location| {
            (
                location.path.clone(),
                location.leading_comments().trim().to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_service_call_message_field_and_value_has_a_comment_that_is_a_sentence() {
    let pool = pool();
    let mut bare = Vec::new();
    for file in own_files(&pool) {
        let proto = file.file_descriptor_proto();
        let comments = comments(proto.source_code_info.as_ref().unwrap());
        let mut check = |name: String, path: Vec<i32>| {
            let comment = comments.get(&path).map(String::as_str).unwrap_or_default();
            if !comment.ends_with('.') {
                bare.push(format!("{name}: {comment:?}"));
            }
        };
        for message in file.messages() {
            check(message.full_name().to_owned(), message.path().to_vec());
            for field in message.fields() {
                check(field.full_name().to_owned(), field.path().to_vec());
            }
            for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
                check(oneof.full_name().to_owned(), oneof.path().to_vec());
            }
        }
        for enumeration in file.enums() {
            check(
                enumeration.full_name().to_owned(),
                enumeration.path().to_vec(),
            );
            for value in enumeration.values() {
                check(value.full_name().to_owned(), value.path().to_vec());
            }
        }
        for service in file.services() {
            check(service.full_name().to_owned(), service.path().to_vec());
            for method in service.methods() {
                check(method.full_name().to_owned(), method.path().to_vec());
            }
        }
        for extension in file.extensions() {
            check(extension.full_name().to_owned(), extension.path().to_vec());
        }
    }
    assert!(
        bare.is_empty(),
        "without a comment that ends in a full stop: {bare:#?}"
    );
}

#[test]
fn every_call_has_an_http_route_or_is_internal_or_for_operators() {
    let pool = pool();
    let methods = methods(&pool);
    assert!(!methods.is_empty());
    for method in methods {
        let routed = option(&method, "google.api.http").is_some();
        let unrouted = is_internal(&method) || is_for_operators(&method);
        assert_ne!(routed, unrouted, "{}", method.full_name());
    }
}

#[test]
fn tools_have_names_of_their_own_and_never_reach_internal_or_operators_calls() {
    let pool = pool();
    let mut names = HashSet::new();
    for method in methods(&pool) {
        let Some(tool) = option(&method, "taskmesh.common.v1.tool") else {
            continue;
        };
        assert!(!is_internal(&method), "{}", method.full_name());
        assert!(!is_for_operators(&method), "{}", method.full_name());
        let tool = tool.as_message().unwrap();
        let name = tool
            .get_field_by_name("name")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        assert!((1..=40).contains(&name.len()), "{name}");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{name}"
        );
        assert!(
            !tool
                .get_field_by_name("title")
                .unwrap()
                .as_str()
                .unwrap()
                .is_empty(),
            "{name}"
        );
        assert!(names.insert(name.clone()), "two tools are called {name}");
    }
    assert!(names.contains("add_task"));
}

#[test]
fn every_topic_carries_a_message_of_the_contract() {
    let pool = pool();
    let mut names = HashSet::new();
    for topic in topics::ALL {
        assert!(
            names.insert(topic.name),
            "two topics are called {}",
            topic.name
        );
        let message = pool.get_message_by_name(topic.message);
        let message = message.unwrap_or_else(|| panic!("{} carries {}", topic.name, topic.message));
        // Checkpoints are about everybody's records.
        let fields: &[&str] = match *topic == topics::AUDIT_CHECKPOINTS {
            true => &["event_id", "event_time"],
            false => &["event_id", "event_time", "user_id"],
        };
        for field in fields {
            assert!(
                message.get_field_by_name(field).is_some(),
                "{}.{field}",
                topic.message
            );
        }
        assert!(topic.partitions > 0 && topic.retention != Some(Duration::ZERO));
    }
}

#[test]
fn the_borrowed_options_have_the_numbers_that_everybody_knows() {
    let pool = pool();
    let number = |name: &str| pool.get_extension_by_name(name).unwrap().number();
    assert_eq!(number("google.api.http"), 72_295_728);
    assert_eq!(number("google.api.field_behavior"), 1052);
    for name in [
        "buf.validate.field",
        "buf.validate.message",
        "buf.validate.oneof",
    ] {
        assert_eq!(number(name), 1159);
    }
}

#[test]
fn the_text_of_every_file_is_there_once() {
    let pool = pool();
    let files = pool.files();
    let names: Vec<String> = files
        .map(|file| file.name().to_owned())
        .filter(|name| !name.starts_with("google/protobuf/"))
        .collect();
    for name in &names {
        let texts = SOURCES.iter().filter(|source| source.name == name);
        assert_eq!(texts.count(), 1, "{name}");
    }
    assert_eq!(SOURCES.len(), names.len());
    let task = SOURCES
        .iter()
        .find(|source| source.name == "taskmesh/task/v1/task.proto");
    assert!(task.unwrap().text.contains("package taskmesh.task.v1;"));
}
