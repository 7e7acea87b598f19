//! Membership of consumer groups, and their descriptions for operators.
//!
//! Groups are in memory: after a restart of the broker their members are unknown and join again.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use bytes::Bytes;
use kafka_protocol::{
    ResponseError,
    messages::{
        DescribeGroupsRequest, DescribeGroupsResponse, GroupId, HeartbeatRequest,
        HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
        LeaveGroupResponse, ListGroupsRequest, ListGroupsResponse, SyncGroupRequest,
        SyncGroupResponse,
        describe_groups_response::{DescribedGroup, DescribedGroupMember},
        join_group_response::JoinGroupResponseMember,
        leave_group_request::MemberIdentity,
        leave_group_response::MemberResponse,
        list_groups_response::ListedGroup,
    },
    protocol::StrBytes,
};

use super::code;
use crate::{
    group::{Answer, Caller, Described, DescribedMember, Group, Joined, Membership},
    node::Node,
};

/// First version of `LeaveGroup` that names several members.
const SEVERAL_MEMBERS: i16 = 3;
/// The only type of groups, as opposed to those of KIP-848.
const TYPE: &str = "classic";
/// Stands for permissions that were not asked for.
const NO_OPERATIONS: i32 = i32::MIN;

/// Joins a member to its group; responds when the rebalance has gathered all members.
pub async fn join(node: &Node, request: JoinGroupRequest, client: &str) -> JoinGroupResponse {
    let session = milliseconds(request.session_timeout_ms);
    let protocols = request.protocols.into_iter();
    let membership = Membership {
        client: client.to_owned(),
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols
            .map(|protocol| (protocol.name.to_string(), protocol.metadata))
            .collect(),
        session,
        // Version 0 has no timeout for rebalances.
        rebalance: match request.rebalance_timeout_ms {
            ..=0 => session,
            timeout => milliseconds(timeout),
        },
    };
    let caller = Caller {
        member: &request.member_id,
        instance: request.group_instance_id.as_deref(),
    };
    let answer = with(node, &request.group_id, |group| {
        group.join(Instant::now(), caller, membership)
    });
    match wait(answer).await {
        Ok(joined) => joined_response(joined),
        Err(error) => JoinGroupResponse::default()
            .with_error_code(error.code())
            .with_generation_id(-1)
            .with_protocol_name(Some(StrBytes::new()))
            .with_member_id(request.member_id),
    }
}

fn joined_response(joined: Joined) -> JoinGroupResponse {
    let members = joined.members.into_iter().map(|listed| {
        JoinGroupResponseMember::default()
            .with_member_id(listed.member.into())
            .with_group_instance_id(listed.instance.map(StrBytes::from_string))
            .with_metadata(listed.metadata)
    });
    JoinGroupResponse::default()
        .with_generation_id(joined.generation)
        .with_protocol_type(Some(joined.protocol_type.into()))
        .with_protocol_name(Some(joined.protocol.into()))
        .with_leader(joined.leader.into())
        .with_member_id(joined.member.into())
        .with_members(members.collect())
}

/// Takes the leader's assignment; responds with the member's part of it when it is known.
pub async fn sync(node: &Node, request: SyncGroupRequest) -> SyncGroupResponse {
    let caller = Caller {
        member: &request.member_id,
        instance: request.group_instance_id.as_deref(),
    };
    let assignments = request.assignments.into_iter();
    let assignments = assignments
        .map(|part| (part.member_id.to_string(), part.assignment))
        .collect();
    let answer = with(node, &request.group_id, |group| {
        group.sync(Instant::now(), caller, request.generation_id, assignments)
    });
    let assignment = wait(answer).await;
    SyncGroupResponse::default()
        .with_error_code(code(&assignment))
        .with_protocol_type(request.protocol_type)
        .with_protocol_name(request.protocol_name)
        .with_assignment(assignment.unwrap_or_else(|_| Bytes::new()))
}

/// Keeps a member's session alive.
pub fn heartbeat(node: &Node, request: &HeartbeatRequest) -> HeartbeatResponse {
    let caller = Caller {
        member: &request.member_id,
        instance: request.group_instance_id.as_deref(),
    };
    let result = with(node, &request.group_id, |group| {
        group.heartbeat(Instant::now(), caller, request.generation_id)
    });
    HeartbeatResponse::default().with_error_code(code(&result))
}

/// Removes members from their group.
pub fn leave(node: &Node, request: LeaveGroupRequest, version: i16) -> LeaveGroupResponse {
    let leaving = if version < SEVERAL_MEMBERS {
        vec![MemberIdentity::default().with_member_id(request.member_id)]
    } else {
        request.members
    };
    let members = leaving.into_iter().map(|member| {
        let caller = Caller {
            member: &member.member_id,
            instance: member.group_instance_id.as_deref(),
        };
        let result = with(node, &request.group_id, |group| {
            group.leave(Instant::now(), caller)
        });
        MemberResponse::default()
            .with_error_code(code(&result))
            .with_member_id(member.member_id)
            .with_group_instance_id(member.group_instance_id)
    });
    let members: Vec<MemberResponse> = members.collect();
    if version < SEVERAL_MEMBERS {
        let code = members.first().map_or(0, |member| member.error_code);
        return LeaveGroupResponse::default().with_error_code(code);
    }
    LeaveGroupResponse::default().with_members(members)
}

/// Describes groups. A group without members is known by its committed offsets only.
pub fn describe(node: &Node, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let groups = request.groups.into_iter().map(|name| {
        let described = described(node, &name);
        let is_known = !described.members.is_empty() || node.offsets().contains_key(name.as_str());
        let state = if is_known { described.state } else { "Dead" };
        let members = described.members.into_iter().map(described_member);
        DescribedGroup::default()
            .with_group_state(StrBytes::from_static_str(state))
            .with_protocol_type(described.protocol_type.into())
            .with_protocol_data(described.protocol.into())
            .with_members(members.collect())
            .with_authorized_operations(NO_OPERATIONS)
            .with_group_id(name)
    });
    DescribeGroupsResponse::default().with_groups(groups.collect())
}

fn described_member(member: DescribedMember) -> DescribedGroupMember {
    DescribedGroupMember::default()
        .with_member_id(member.listed.member.into())
        .with_group_instance_id(member.listed.instance.map(StrBytes::from_string))
        .with_client_id(member.client.into())
        // The broker listens on loopback only.
        .with_client_host(StrBytes::from_static_str("/127.0.0.1"))
        .with_member_metadata(member.listed.metadata)
        .with_member_assignment(member.assignment)
}

/// Lists the groups that have members or committed offsets.
pub fn list(node: &Node, request: &ListGroupsRequest) -> ListGroupsResponse {
    let is_wanted = |filter: &[StrBytes], word: &str| {
        filter.is_empty()
            || filter
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(word))
    };
    let mut names: BTreeSet<String> = node.offsets().keys().cloned().collect();
    let groups = node.groups();
    let with_members = groups.iter().filter(|(_, group)| !group.is_empty());
    names.extend(with_members.map(|(name, _)| name.clone()));
    drop(groups);
    let groups = names.into_iter().filter_map(|name| {
        let described = described(node, &name);
        let is_listed = is_wanted(&request.states_filter, described.state)
            && is_wanted(&request.types_filter, TYPE);
        is_listed.then(|| {
            ListedGroup::default()
                .with_group_id(GroupId(name.into()))
                .with_protocol_type(described.protocol_type.into())
                .with_group_state(StrBytes::from_static_str(described.state))
                .with_group_type(StrBytes::from_static_str(TYPE))
        })
    });
    ListGroupsResponse::default().with_groups(groups.collect())
}

fn described(node: &Node, group: &str) -> Described {
    let groups = node.groups();
    let known = groups.get(group).map(Group::describe);
    known.unwrap_or_else(|| Group::default().describe())
}

/// Removes members whose session has expired, and ends rebalances that have waited long enough.
pub fn expire_members(node: &Node) {
    let now = Instant::now();
    for group in node.groups().values_mut() {
        group.pass_time(now);
    }
}

fn with<T>(node: &Node, group: &str, work: impl FnOnce(&mut Group) -> T) -> T {
    work(node.groups().entry(group.to_owned()).or_default())
}

/// Waits for an answer; the sender is dropped if the member is removed meanwhile.
async fn wait<T>(answer: Answer<T>) -> Result<T, ResponseError> {
    answer.await.unwrap_or(Err(ResponseError::UnknownMemberId))
}

fn milliseconds(count: i32) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or_default())
}
