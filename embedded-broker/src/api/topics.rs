//! Creating, deleting and configuring topics.

use std::collections::BTreeMap;

use kafka_protocol::{
    ResponseError,
    messages::{
        CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest,
        CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse, DescribeConfigsRequest,
        DescribeConfigsResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
        create_partitions_response::CreatePartitionsTopicResult,
        create_topics_request::CreatableTopic,
        create_topics_response::CreatableTopicResult,
        delete_topics_response::DeletableTopicResult,
        describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult},
        incremental_alter_configs_request::AlterConfigsResource,
        incremental_alter_configs_response::AlterConfigsResourceResponse,
    },
    protocol::StrBytes,
};

use super::{code, metadata::topic_name};
use crate::{
    node::Node,
    topics::{DEFAULTS, Topics},
};

/// Resource type of a topic in requests about settings.
const TOPIC: i8 = 2;
/// Sources of a setting's value.
const DYNAMIC_TOPIC_CONFIG: i8 = 1;
const DEFAULT_CONFIG: i8 = 5;
/// Operations of an incremental change.
const SET: i8 = 0;
const DELETE: i8 = 1;
/// Default of `num.partitions`.
const DEFAULT_PARTITIONS: i32 = 1;

/// Creates topics.
pub fn create(node: &Node, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut topics = node.topics();
    let results = request.topics.into_iter().map(|topic| {
        let partitions = match topic.num_partitions {
            -1 if topic.assignments.is_empty() => DEFAULT_PARTITIONS,
            -1 => i32::try_from(topic.assignments.len()).unwrap_or(i32::MAX),
            partitions => partitions,
        };
        let created = create_one(&mut topics, &topic, partitions, request.validate_only);
        let id = topics.get(&topic.name).map(|topic| topic.id());
        CreatableTopicResult::default()
            .with_error_code(code(&created))
            .with_error_message(message(&created))
            .with_topic_id(id.ok().filter(|_| created.is_ok()).unwrap_or_default())
            .with_num_partitions(partitions)
            .with_replication_factor(1)
            .with_configs(Some(Vec::new()))
            .with_name(topic.name)
    });
    CreateTopicsResponse::default().with_topics(results.collect())
}

fn create_one(
    topics: &mut Topics,
    topic: &CreatableTopic,
    partitions: i32,
    validate_only: bool,
) -> Result<(), ResponseError> {
    // Any number is accepted, so that topics declared for a cluster can be created here; there is one copy.
    if topic.replication_factor == 0 || topic.replication_factor < -1 {
        return Err(ResponseError::InvalidReplicationFactor);
    }
    if validate_only {
        return topics.check_new(&topic.name, partitions);
    }
    let configs: BTreeMap<String, String> = topic
        .configs
        .iter()
        .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
        .collect();
    topics.create(&topic.name, partitions, configs).map(drop)
}

/// Deletes topics with their records and the offsets committed in them.
pub fn delete(node: &Node, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let mut topics = node.topics();
    let by_name = request.topic_names.into_iter().map(Some);
    let names = by_name.chain(request.topics.into_iter().map(|topic| {
        let by_id = || topics.name_of(topic.topic_id).map(|name| topic_name(&name));
        topic.name.or_else(by_id)
    }));
    let names: Vec<_> = names.collect();
    let mut results = Vec::new();
    for name in names {
        let deleted = match &name {
            Some(name) => topics.delete(name),
            None => Err(ResponseError::UnknownTopicId),
        };
        if let (Some(name), true) = (&name, deleted.is_ok()) {
            for offsets in node.offsets().values_mut() {
                offsets.retain(|(topic, _), _| topic.as_str() != name.as_str());
            }
        }
        results.push(
            DeletableTopicResult::default()
                .with_error_code(code(&deleted))
                .with_error_message(message(&deleted))
                .with_topic_id(deleted.unwrap_or_default())
                .with_name(name),
        );
    }
    node.appended.send_replace(());
    DeleteTopicsResponse::default().with_responses(results)
}

/// Adds partitions to topics.
pub fn create_partitions(
    node: &Node,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut topics = node.topics();
    let results = request.topics.into_iter().map(|topic| {
        let grown = topics.grow(&topic.name, topic.count, request.validate_only);
        CreatePartitionsTopicResult::default()
            .with_error_code(code(&grown))
            .with_error_message(message(&grown))
            .with_name(topic.name)
    });
    CreatePartitionsResponse::default().with_results(results.collect())
}

/// Describes the settings of topics. The broker itself has none.
pub fn describe_configs(node: &Node, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let topics = node.topics();
    let results = request.resources.into_iter().map(|resource| {
        let is_asked = |name: &str| {
            let keys = resource.configuration_keys.as_ref();
            keys.is_none_or(|keys| keys.is_empty() || keys.iter().any(|key| key.as_str() == name))
        };
        let configs = match resource.resource_type {
            TOPIC => topics.get(&resource.resource_name).map(|topic| {
                let given = topic
                    .configs()
                    .iter()
                    .map(|(name, value)| config(name, value, DYNAMIC_TOPIC_CONFIG));
                let defaults = DEFAULTS
                    .into_iter()
                    .filter(|(name, _)| !topic.configs().contains_key(*name))
                    .map(|(name, value)| config(name, value, DEFAULT_CONFIG));
                given
                    .chain(defaults)
                    .filter(|config| is_asked(&config.name))
                    .collect()
            }),
            _ => Ok(Vec::new()),
        };
        DescribeConfigsResult::default()
            .with_error_code(code(&configs))
            .with_error_message(message(&configs))
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name)
            .with_configs(configs.unwrap_or_default())
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn config(name: &str, value: &str, source: i8) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_string(name.to_owned()))
        .with_value(Some(StrBytes::from_string(value.to_owned())))
        .with_config_source(source)
}

/// Changes settings of topics.
pub fn alter_configs(
    node: &Node,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let mut topics = node.topics();
    let responses = request.resources.into_iter().map(|resource| {
        let altered = alter_one(&mut topics, &resource, request.validate_only);
        AlterConfigsResourceResponse::default()
            .with_error_code(code(&altered))
            .with_error_message(message(&altered))
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name)
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}

fn alter_one(
    topics: &mut Topics,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), ResponseError> {
    let is_simple = |operation: i8| [SET, DELETE].contains(&operation);
    let mut configs = resource.configs.iter();
    if resource.resource_type != TOPIC || !configs.all(|config| is_simple(config.config_operation))
    {
        return Err(ResponseError::InvalidRequest);
    }
    topics.get(&resource.resource_name)?;
    if validate_only {
        return Ok(());
    }
    for config in &resource.configs {
        let value = config.value.as_deref();
        let value = value.filter(|_| config.config_operation == SET);
        topics.configure(&resource.resource_name, &config.name, value)?;
    }
    Ok(())
}

fn message<T>(result: &Result<T, ResponseError>) -> Option<StrBytes> {
    let error = result.as_ref().err()?;
    Some(StrBytes::from_string(error.to_string()))
}
