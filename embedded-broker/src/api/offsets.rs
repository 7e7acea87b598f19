//! Offsets that groups commit, and the deletion of groups.

use kafka_protocol::{
    ResponseError,
    messages::{
        DeleteGroupsRequest, DeleteGroupsResponse, OffsetCommitRequest, OffsetCommitResponse,
        OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse,
        TopicName,
        delete_groups_response::DeletableGroupResult,
        offset_commit_request::OffsetCommitRequestPartition,
        offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
        offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
        offset_fetch_response::{
            OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
            OffsetFetchResponseTopic, OffsetFetchResponseTopics,
        },
    },
    protocol::StrBytes,
};

use super::{code, metadata::topic_name};
use crate::{
    group::Caller,
    log::storage,
    node::{GroupOffsets, Node},
    store::CommittedOffset,
};

/// First version of `OffsetFetch` with several groups.
const SEVERAL_GROUPS: i16 = 8;

/// Commits offsets of a member of the current generation, or of a client without a group membership.
pub fn commit(node: &Node, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let group = request.group_id.to_string();
    let caller = Caller {
        member: &request.member_id,
        instance: request.group_instance_id.as_deref(),
    };
    let allowed = node
        .groups()
        .entry(group.clone())
        .or_default()
        .may_commit(caller, request.generation_id_or_member_epoch);
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|partition| {
            let index = partition.partition_index;
            let committed = allowed.and_then(|()| commit_one(node, &group, &topic.name, partition));
            OffsetCommitResponsePartition::default()
                .with_partition_index(index)
                .with_error_code(code(&committed))
        });
        OffsetCommitResponseTopic::default()
            .with_partitions(partitions.collect())
            .with_name(topic.name.clone())
    });
    OffsetCommitResponse::default().with_topics(topics.collect())
}

fn commit_one(
    node: &Node,
    group: &str,
    topic: &TopicName,
    partition: OffsetCommitRequestPartition,
) -> Result<(), ResponseError> {
    let index = partition.partition_index;
    node.topics().log(topic, index)?;
    let offset = CommittedOffset {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition.committed_metadata.map(|text| text.to_string()),
    };
    let mut offsets = node.offsets();
    let stored = node.store.put_offset(group, topic, index, &offset);
    stored.map_err(|error| storage(&error))?;
    let offsets = offsets.entry(group.to_owned()).or_default();
    offsets.insert((topic.to_string(), index), offset);
    Ok(())
}

/// Returns committed offsets; -1 for partitions without one.
pub fn fetch(node: &Node, request: OffsetFetchRequest, version: i16) -> OffsetFetchResponse {
    let offsets = node.offsets();
    let none = GroupOffsets::new();
    if version < SEVERAL_GROUPS {
        let group = offsets.get(request.group_id.as_str()).unwrap_or(&none);
        let asked = request.topics.map(|topics| {
            let topics = topics.into_iter();
            topics
                .map(|topic| (topic.name.to_string(), topic.partition_indexes))
                .collect()
        });
        let topics = asked_or_all(group, asked).into_iter();
        let topics = topics.map(|(topic, partitions)| {
            let partitions = partitions.into_iter().map(|index| {
                let offset = committed(group, &topic, index);
                OffsetFetchResponsePartition::default()
                    .with_partition_index(index)
                    .with_committed_offset(offset.offset)
                    .with_committed_leader_epoch(offset.leader_epoch)
                    .with_metadata(offset.metadata.map(StrBytes::from_string))
            });
            OffsetFetchResponseTopic::default()
                .with_partitions(partitions.collect())
                .with_name(topic_name(&topic))
        });
        return OffsetFetchResponse::default().with_topics(topics.collect());
    }
    let groups = request.groups.into_iter().map(|asked| {
        let group = offsets.get(asked.group_id.as_str()).unwrap_or(&none);
        let topics = asked.topics.map(|topics| {
            let topics = topics.into_iter();
            topics
                .map(|topic| (topic.name.to_string(), topic.partition_indexes))
                .collect()
        });
        let topics = asked_or_all(group, topics).into_iter();
        let topics = topics.map(|(topic, partitions)| {
            let partitions = partitions.into_iter().map(|index| {
                let offset = committed(group, &topic, index);
                OffsetFetchResponsePartitions::default()
                    .with_partition_index(index)
                    .with_committed_offset(offset.offset)
                    .with_committed_leader_epoch(offset.leader_epoch)
                    .with_metadata(offset.metadata.map(StrBytes::from_string))
            });
            OffsetFetchResponseTopics::default()
                .with_partitions(partitions.collect())
                .with_name(topic_name(&topic))
        });
        OffsetFetchResponseGroup::default()
            .with_topics(topics.collect())
            .with_group_id(asked.group_id)
    });
    OffsetFetchResponse::default().with_groups(groups.collect())
}

/// Returns the topics and partitions that were asked for, or all with a committed offset.
fn asked_or_all(
    group: &GroupOffsets,
    asked: Option<Vec<(String, Vec<i32>)>>,
) -> Vec<(String, Vec<i32>)> {
    asked.unwrap_or_else(|| {
        let mut topics: Vec<(String, Vec<i32>)> = Vec::new();
        for (topic, partition) in group.keys() {
            match topics.last_mut() {
                Some((last, partitions)) if last == topic => partitions.push(*partition),
                _ => topics.push((topic.clone(), vec![*partition])),
            }
        }
        topics
    })
}

fn committed(group: &GroupOffsets, topic: &str, partition: i32) -> CommittedOffset {
    let offset = group.get(&(topic.to_owned(), partition)).cloned();
    offset.unwrap_or(CommittedOffset {
        offset: -1,
        leader_epoch: -1,
        metadata: Some(String::new()),
    })
}

/// Deletes committed offsets of a group.
pub fn delete(node: &Node, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let mut offsets = node.offsets();
    let Some(group) = offsets.get_mut(request.group_id.as_str()) else {
        return OffsetDeleteResponse::default()
            .with_error_code(ResponseError::GroupIdNotFound.code());
    };
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|partition| {
            let index = partition.partition_index;
            let removed = node
                .store
                .remove_offset(&request.group_id, &topic.name, index)
                .map_err(|error| storage(&error));
            if removed.is_ok() {
                group.remove(&(topic.name.to_string(), index));
            }
            OffsetDeleteResponsePartition::default()
                .with_partition_index(index)
                .with_error_code(code(&removed))
        });
        OffsetDeleteResponseTopic::default()
            .with_partitions(partitions.collect())
            .with_name(topic.name.clone())
    });
    let topics = topics.collect();
    OffsetDeleteResponse::default().with_topics(topics)
}

/// Deletes groups that have no members, with their offsets.
pub fn delete_groups(node: &Node, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let results = request.groups_names.into_iter().map(|group| {
        let deleted = delete_group(node, &group);
        DeletableGroupResult::default()
            .with_error_code(code(&deleted))
            .with_group_id(group)
    });
    DeleteGroupsResponse::default().with_results(results.collect())
}

fn delete_group(node: &Node, group: &str) -> Result<(), ResponseError> {
    let mut groups = node.groups();
    if groups.get(group).is_some_and(|group| !group.is_empty()) {
        return Err(ResponseError::NonEmptyGroup);
    }
    let mut offsets = node.offsets();
    let known = offsets.get(group).ok_or(ResponseError::GroupIdNotFound)?;
    for (topic, partition) in known.keys() {
        let removed = node.store.remove_offset(group, topic, *partition);
        removed.map_err(|error| storage(&error))?;
    }
    offsets.remove(group);
    groups.remove(group);
    Ok(())
}
