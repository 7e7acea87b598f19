//! Every response can be encoded in every version that the broker supports. The codec refuses a value that a version lacks.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::{Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        ApiVersionsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest,
        DeleteRecordsRequest, DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest,
        DescribeGroupsRequest, FetchRequest, FindCoordinatorRequest, GroupId, HeartbeatRequest,
        IncrementalAlterConfigsRequest, InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest,
        ListGroupsRequest, ListOffsetsRequest, MetadataRequest, OffsetCommitRequest,
        OffsetDeleteRequest, OffsetFetchRequest, OffsetForLeaderEpochRequest, ProduceRequest,
        ResponseKind, SyncGroupRequest, TopicName,
        create_partitions_request::CreatePartitionsTopic,
        create_topics_request::{CreatableTopic, CreatableTopicConfig},
        delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
        delete_topics_request::DeleteTopicState,
        describe_configs_request::DescribeConfigsResource,
        fetch_request::{FetchPartition, FetchTopic},
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
        join_group_request::JoinGroupRequestProtocol,
        leave_group_request::MemberIdentity,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        metadata_request::MetadataRequestTopic,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
        offset_fetch_request::{
            OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
        },
        offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
        produce_request::{PartitionProduceData, TopicProduceData},
        sync_group_request::SyncGroupRequestAssignment,
    },
    protocol::StrBytes,
    records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType},
};
use tempfile::TempDir;

use super::*;
use crate::store::Store;

const TOPIC: &str = "tasks";
const GROUP: &str = "readers";

fn topic(name: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(name))
}

fn group() -> GroupId {
    GroupId(StrBytes::from_static_str(GROUP))
}

fn record() -> Bytes {
    let record = Record {
        transactional: false,
        control: false,
        partition_leader_epoch: 0,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: TimestampType::Creation,
        offset: 0,
        sequence: -1,
        timestamp: 1_000,
        key: Some(Bytes::from_static(b"key")),
        value: Some(Bytes::from_static(b"value")),
        headers: Default::default(),
        delete_horizon: false,
    };
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    let mut bytes = BytesMut::new();
    RecordBatchEncoder::encode(&mut bytes, [&record], &options).unwrap();
    bytes.freeze()
}

/// Requests that succeed in this order, mixed with some that name what does not exist.
#[expect(clippy::too_many_lines, reason = "one request of each kind")]
fn requests(member: &StrBytes) -> Vec<RequestKind> {
    let topics = [topic(TOPIC), topic("missing")];
    let each = || topics.iter().cloned();
    let instance = Some(StrBytes::from_static_str("one"));
    vec![
        RequestKind::ApiVersions(ApiVersionsRequest::default()),
        RequestKind::CreateTopics(
            CreateTopicsRequest::default().with_topics(
                [topic(TOPIC), topic("not a name")]
                    .map(|name| {
                        let retention = CreatableTopicConfig::default()
                            .with_name("retention.ms".into())
                            .with_value(Some("1000".into()));
                        CreatableTopic::default()
                            .with_name(name)
                            .with_num_partitions(1)
                            .with_replication_factor(1)
                            .with_configs(vec![retention])
                    })
                    .to_vec(),
            ),
        ),
        RequestKind::CreatePartitions(
            CreatePartitionsRequest::default().with_topics(
                each()
                    .map(|name| {
                        CreatePartitionsTopic::default()
                            .with_name(name)
                            .with_count(2)
                    })
                    .collect(),
            ),
        ),
        RequestKind::DescribeConfigs(
            DescribeConfigsRequest::default()
                .with_include_documentation(true)
                .with_include_synonyms(true)
                .with_resources(
                    [(2, TOPIC), (2, "missing"), (4, "1")]
                        .map(|(kind, name)| {
                            DescribeConfigsResource::default()
                                .with_resource_type(kind)
                                .with_resource_name(name.into())
                                .with_configuration_keys(None)
                        })
                        .to_vec(),
                ),
        ),
        RequestKind::IncrementalAlterConfigs(
            IncrementalAlterConfigsRequest::default().with_resources(
                [TOPIC, "missing"]
                    .map(|name| {
                        let retention = AlterableConfig::default()
                            .with_name("retention.ms".into())
                            .with_value(Some("2000".into()));
                        AlterConfigsResource::default()
                            .with_resource_type(2)
                            .with_resource_name(name.into())
                            .with_configs(vec![retention])
                    })
                    .to_vec(),
            ),
        ),
        RequestKind::Metadata(MetadataRequest::default().with_topics(None)),
        RequestKind::Metadata(
            MetadataRequest::default().with_topics(Some(
                each()
                    .map(|name| MetadataRequestTopic::default().with_name(Some(name)))
                    .collect(),
            )),
        ),
        RequestKind::DescribeCluster(DescribeClusterRequest::default()),
        RequestKind::FindCoordinator(
            FindCoordinatorRequest::default()
                .with_key(GROUP.into())
                .with_coordinator_keys(vec![GROUP.into()]),
        ),
        RequestKind::InitProducerId(InitProducerIdRequest::default()),
        RequestKind::InitProducerId(
            InitProducerIdRequest::default()
                .with_transactional_id(Some(StrBytes::from_static_str("transaction").into())),
        ),
        RequestKind::Produce(
            ProduceRequest::default().with_acks(-1).with_topic_data(
                each()
                    .map(|name| {
                        TopicProduceData::default()
                            .with_name(name)
                            .with_partition_data(
                                [(0, record()), (1, Bytes::from_static(b"damaged"))]
                                    .map(|(partition, records)| {
                                        PartitionProduceData::default()
                                            .with_index(partition)
                                            .with_records(Some(records))
                                    })
                                    .to_vec(),
                            )
                    })
                    .collect(),
            ),
        ),
        RequestKind::Fetch(
            FetchRequest::default().with_max_bytes(1 << 20).with_topics(
                each()
                    .map(|name| {
                        FetchTopic::default().with_topic(name).with_partitions(
                            [0, 7]
                                .map(|offset| {
                                    FetchPartition::default()
                                        .with_fetch_offset(offset)
                                        .with_partition_max_bytes(1 << 20)
                                })
                                .to_vec(),
                        )
                    })
                    .collect(),
            ),
        ),
        RequestKind::Fetch(FetchRequest::default().with_session_id(7)),
        RequestKind::ListOffsets(
            ListOffsetsRequest::default().with_topics(
                each()
                    .map(|name| {
                        ListOffsetsTopic::default().with_name(name).with_partitions(
                            [-2, -1, 500, 5_000]
                                .map(|timestamp| {
                                    ListOffsetsPartition::default().with_timestamp(timestamp)
                                })
                                .to_vec(),
                        )
                    })
                    .collect(),
            ),
        ),
        RequestKind::OffsetForLeaderEpoch(
            OffsetForLeaderEpochRequest::default().with_topics(
                each()
                    .map(|name| {
                        OffsetForLeaderTopic::default()
                            .with_topic(name)
                            .with_partitions(vec![OffsetForLeaderPartition::default()])
                    })
                    .collect(),
            ),
        ),
        RequestKind::Heartbeat(HeartbeatRequest::default().with_group_id(group())),
        RequestKind::SyncGroup(
            SyncGroupRequest::default()
                .with_group_id(group())
                .with_generation_id(1)
                .with_member_id(member.clone())
                .with_protocol_type(Some("consumer".into()))
                .with_protocol_name(Some("range".into()))
                .with_assignments(vec![
                    SyncGroupRequestAssignment::default()
                        .with_member_id(member.clone())
                        .with_assignment(Bytes::from_static(b"all")),
                ]),
        ),
        RequestKind::Heartbeat(
            HeartbeatRequest::default()
                .with_group_id(group())
                .with_generation_id(1)
                .with_member_id(member.clone()),
        ),
        RequestKind::OffsetCommit(
            OffsetCommitRequest::default()
                .with_group_id(group())
                .with_generation_id_or_member_epoch(1)
                .with_member_id(member.clone())
                .with_topics(
                    each()
                        .map(|name| {
                            OffsetCommitRequestTopic::default()
                                .with_name(name)
                                .with_partitions(vec![
                                    OffsetCommitRequestPartition::default()
                                        .with_committed_offset(1)
                                        .with_committed_leader_epoch(0)
                                        .with_committed_metadata(Some("note".into())),
                                ])
                        })
                        .collect(),
                ),
        ),
        RequestKind::OffsetFetch(
            OffsetFetchRequest::default()
                .with_group_id(group())
                .with_topics(Some(
                    each()
                        .map(|name| {
                            OffsetFetchRequestTopic::default()
                                .with_name(name)
                                .with_partition_indexes(vec![0, 1])
                        })
                        .collect(),
                ))
                .with_groups(vec![
                    OffsetFetchRequestGroup::default()
                        .with_group_id(group())
                        .with_topics(Some(
                            each()
                                .map(|name| {
                                    OffsetFetchRequestTopics::default()
                                        .with_name(name)
                                        .with_partition_indexes(vec![0, 1])
                                })
                                .collect(),
                        )),
                ]),
        ),
        RequestKind::DescribeGroups(
            DescribeGroupsRequest::default()
                .with_groups(vec![group(), GroupId(StrBytes::from_static_str("missing"))])
                .with_include_authorized_operations(true),
        ),
        RequestKind::ListGroups(ListGroupsRequest::default()),
        RequestKind::DeleteGroups(DeleteGroupsRequest::default().with_groups_names(vec![group()])),
        RequestKind::LeaveGroup(
            LeaveGroupRequest::default()
                .with_group_id(group())
                .with_member_id(member.clone())
                .with_members(vec![
                    MemberIdentity::default()
                        .with_member_id(member.clone())
                        .with_group_instance_id(instance),
                    MemberIdentity::default().with_member_id("missing".into()),
                ]),
        ),
        RequestKind::OffsetDelete(
            OffsetDeleteRequest::default()
                .with_group_id(group())
                .with_topics(
                    each()
                        .map(|name| {
                            OffsetDeleteRequestTopic::default()
                                .with_name(name)
                                .with_partitions(vec![OffsetDeleteRequestPartition::default()])
                        })
                        .collect(),
                ),
        ),
        RequestKind::DeleteGroups(
            DeleteGroupsRequest::default()
                .with_groups_names(vec![group(), GroupId(StrBytes::from_static_str("missing"))]),
        ),
        RequestKind::DeleteRecords(
            DeleteRecordsRequest::default().with_topics(
                each()
                    .map(|name| {
                        DeleteRecordsTopic::default()
                            .with_name(name)
                            .with_partitions(vec![
                                DeleteRecordsPartition::default().with_offset(1),
                                DeleteRecordsPartition::default().with_offset(9),
                            ])
                    })
                    .collect(),
            ),
        ),
        RequestKind::DeleteTopics(
            DeleteTopicsRequest::default()
                .with_topic_names(topics.to_vec())
                .with_topics(
                    each()
                        .map(|name| DeleteTopicState::default().with_name(Some(name)))
                        .collect(),
                ),
        ),
    ]
}

fn join(instance: bool) -> RequestKind {
    let instance = instance.then(|| StrBytes::from_static_str("one"));
    RequestKind::JoinGroup(
        JoinGroupRequest::default()
            .with_group_id(group())
            .with_session_timeout_ms(60_000)
            .with_rebalance_timeout_ms(60_000)
            .with_group_instance_id(instance)
            .with_protocol_type("consumer".into())
            .with_protocols(vec![
                JoinGroupRequestProtocol::default()
                    .with_name("range".into())
                    .with_metadata(Bytes::from_static(b"topics")),
            ]),
    )
}

fn key(request: &RequestKind) -> ApiKey {
    let name = format!("{request:?}");
    let (key, _) = SUPPORTED
        .into_iter()
        .rfind(|(key, _)| name.starts_with(&format!("{key:?}(")))
        .unwrap();
    key
}

/// Returns the latest version that is no later than the one given, and that the broker supports.
fn version_of(key: ApiKey, version: i16) -> i16 {
    let (_, max) = SUPPORTED
        .into_iter()
        .find(|(known, _)| *known == key)
        .unwrap();
    version.clamp(key.valid_versions().min, max)
}

#[tokio::test]
async fn responses_fit_all_versions() {
    let newest = SUPPORTED.iter().map(|(_, max)| *max).max().unwrap();
    let mut answered = std::collections::BTreeSet::new();
    for version in 0..=newest {
        let folder = TempDir::new().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9092));
        let node = Node::load(address, Store::open(folder.path()).unwrap()).unwrap();
        let mut respond = async |request: RequestKind| {
            let key = key(&request);
            let version = version_of(key, version);
            let response = handle(&node, "client", request, version)
                .await
                .unwrap()
                .unwrap();
            let encoded = response.encode(&mut BytesMut::new(), version);
            encoded.unwrap_or_else(|error| panic!("{key:?} {version}: {error:#}\n{response:?}"));
            answered.insert(key as i16);
            response
        };
        let ResponseKind::JoinGroup(joined) = respond(join(version >= 5)).await else {
            panic!("not a response to JoinGroup");
        };
        assert_eq!((joined.error_code, joined.generation_id), (0, 1));
        for request in requests(&joined.member_id) {
            respond(request).await;
        }
    }
    assert_eq!(answered.len(), SUPPORTED.len());
}

#[test]
fn unsupported_version_of_api_versions_gets_version_0() {
    let response = unsupported_api_versions();
    response.encode(&mut BytesMut::new(), 0).unwrap();
}
