//! Metadata, the coordinator, and producer ids. There is one broker, which leads everything.

use kafka_protocol::{
    ResponseError,
    messages::{
        BrokerId, DescribeClusterResponse, FindCoordinatorRequest, FindCoordinatorResponse,
        InitProducerIdRequest, InitProducerIdResponse, MetadataRequest, MetadataResponse,
        ProducerId, TopicName,
        describe_cluster_response::DescribeClusterBroker,
        find_coordinator_response::Coordinator,
        metadata_response::{
            MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
        },
    },
    protocol::StrBytes,
};
use uuid::Uuid;

use super::NODE_ID;
use crate::{log::storage, node::Node, topics::Topic};

const CLUSTER_ID: StrBytes = StrBytes::from_static_str("taskmesh");
/// First version of `FindCoordinator` with several keys.
const SEVERAL_COORDINATORS: i16 = 4;
/// Stands for permissions that were not asked for.
const NO_OPERATIONS: i32 = i32::MIN;

/// Describes topics, all of them if none is named. Topics are not created by asking for them.
pub fn metadata(node: &Node, request: MetadataRequest) -> MetadataResponse {
    let topics = node.topics();
    let described = match request.topics {
        None => topics
            .iter()
            .map(|(name, topic)| described(name, topic))
            .collect(),
        Some(asked) => asked
            .into_iter()
            .map(|asked| {
                let by_id = || topics.name_of(asked.topic_id);
                let name = asked
                    .name
                    .as_ref()
                    .map(|name| name.to_string())
                    .or_else(by_id);
                let topic = name.as_deref().map(|name| topics.get(name));
                match (&name, topic) {
                    (Some(name), Some(Ok(topic))) => described(name, topic),
                    _ => unknown(asked.name, asked.topic_id),
                }
            })
            .collect(),
    };
    let (host, port) = address(node);
    MetadataResponse::default()
        .with_brokers(vec![
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(NODE_ID))
                .with_host(host)
                .with_port(port),
        ])
        .with_cluster_id(Some(CLUSTER_ID))
        .with_controller_id(BrokerId(NODE_ID))
        .with_cluster_authorized_operations(NO_OPERATIONS)
        .with_topics(described)
}

fn described(name: &str, topic: &Topic) -> MetadataResponseTopic {
    let partitions = (0..topic.partitions()).map(|partition| {
        MetadataResponsePartition::default()
            .with_partition_index(partition)
            .with_leader_id(BrokerId(NODE_ID))
            .with_leader_epoch(0)
            .with_replica_nodes(vec![BrokerId(NODE_ID)])
            .with_isr_nodes(vec![BrokerId(NODE_ID)])
    });
    MetadataResponseTopic::default()
        .with_name(Some(topic_name(name)))
        .with_topic_id(topic.id())
        .with_topic_authorized_operations(NO_OPERATIONS)
        .with_partitions(partitions.collect())
}

fn unknown(name: Option<TopicName>, id: Uuid) -> MetadataResponseTopic {
    let error = match name {
        Some(_) => ResponseError::UnknownTopicOrPartition,
        None => ResponseError::UnknownTopicId,
    };
    MetadataResponseTopic::default()
        .with_error_code(error.code())
        .with_name(name)
        .with_topic_id(id)
        .with_topic_authorized_operations(NO_OPERATIONS)
}

/// Describes the cluster of one broker.
pub fn cluster(node: &Node) -> DescribeClusterResponse {
    let (host, port) = address(node);
    DescribeClusterResponse::default()
        .with_cluster_id(CLUSTER_ID)
        .with_controller_id(BrokerId(NODE_ID))
        .with_cluster_authorized_operations(NO_OPERATIONS)
        .with_brokers(vec![
            DescribeClusterBroker::default()
                .with_broker_id(BrokerId(NODE_ID))
                .with_host(host)
                .with_port(port),
        ])
}

/// Returns this broker as the coordinator of every group.
pub fn coordinator(
    node: &Node,
    request: FindCoordinatorRequest,
    version: i16,
) -> FindCoordinatorResponse {
    let (host, port) = address(node);
    if version < SEVERAL_COORDINATORS {
        return FindCoordinatorResponse::default()
            .with_node_id(BrokerId(NODE_ID))
            .with_host(host)
            .with_port(port);
    }
    let coordinators = request.coordinator_keys.into_iter().map(|key| {
        Coordinator::default()
            .with_key(key)
            .with_node_id(BrokerId(NODE_ID))
            .with_host(host.clone())
            .with_port(port)
    });
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

/// Returns a producer id that was never used. There are no transactions.
pub fn producer_id(node: &Node, request: &InitProducerIdRequest) -> InitProducerIdResponse {
    let id = match request.transactional_id {
        Some(_) => Err(ResponseError::TransactionalIdAuthorizationFailed),
        None => node.store.next("producer").map_err(|error| storage(&error)),
    };
    let response = InitProducerIdResponse::default();
    match id {
        Ok(id) => response
            .with_producer_id(ProducerId(i64::try_from(id).unwrap_or(i64::MAX)))
            .with_producer_epoch(0),
        Err(error) => response
            .with_error_code(error.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1),
    }
}

/// Returns a topic's name for a response.
pub fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

fn address(node: &Node) -> (StrBytes, i32) {
    let host = StrBytes::from_string(node.address.ip().to_string());
    (host, node.address.port().into())
}
