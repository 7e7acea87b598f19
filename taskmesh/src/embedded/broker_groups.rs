//! Answers to the requests of members of consumer groups: join, sync, heartbeat, leave; which commits are theirs to make; and what
//! operators are told of groups.
//!
//! Groups live in memory, as their members do: those of a broker that has restarted are told that they are unknown, and join again.
//! (`tansu` has groups too, but one whose leader has died never comes to rest there.) The offsets that they commit stay with `tansu`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tansu_sans_io::{
    DescribeGroupsRequest, DescribeGroupsResponse, ErrorCode, HeartbeatRequest, HeartbeatResponse,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsRequest,
    ListGroupsResponse, OffsetCommitRequest, OffsetCommitResponse, SyncGroupRequest,
    SyncGroupResponse,
    describe_groups_response::{DescribedGroup, DescribedGroupMember},
    join_group_response::JoinGroupResponseMember,
    leave_group_request::MemberIdentity,
    leave_group_response::MemberResponse,
    list_groups_response::ListedGroup,
    offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
};

use super::broker_group::{
    Answer, Caller, Described, DescribedMember, Group, Joined, Listed, Membership,
};

/// How often it is noticed that members are gone.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);

/// All consumer groups of the broker.
#[derive(Debug, Clone, Default)]
pub struct Groups(Arc<Mutex<HashMap<String, Group>>>);

impl Groups {
    /// Takes a member in; waits for the others.
    pub async fn join(&self, request: JoinGroupRequest, client: Option<&str>) -> JoinGroupResponse {
        let session = milliseconds(request.session_timeout_ms);
        let protocols = request.protocols.unwrap_or_default();
        let membership = Membership {
            client: client.unwrap_or("consumer").to_owned(),
            protocol_type: request.protocol_type,
            protocols: protocols
                .into_iter()
                .map(|protocol| (protocol.name, protocol.metadata))
                .collect(),
            session,
            rebalance: request.rebalance_timeout_ms.map_or(session, milliseconds),
        };
        let caller = Caller {
            member: &request.member_id,
            instance: request.group_instance_id.as_deref(),
        };
        let answer = self.with(&request.group_id, |group| {
            group.join(Instant::now(), caller, membership)
        });
        match wait(answer).await {
            Ok(joined) => joined_response(joined),
            Err(code) => JoinGroupResponse::default()
                .throttle_time_ms(Some(0))
                .error_code(code.into())
                .generation_id(-1)
                .protocol_name(Some(String::new()))
                .leader(String::new())
                .skip_assignment(Some(false))
                .member_id(request.member_id)
                .members(Some(Vec::new())),
        }
    }

    /// Takes over the leader's assignment; waits until it is known.
    pub async fn sync(&self, request: SyncGroupRequest) -> SyncGroupResponse {
        let caller = Caller {
            member: &request.member_id,
            instance: request.group_instance_id.as_deref(),
        };
        let assignments = request.assignments.unwrap_or_default();
        let assignments = assignments
            .into_iter()
            .map(|part| (part.member_id, part.assignment))
            .collect();
        let answer = self.with(&request.group_id, |group| {
            group.sync(Instant::now(), caller, request.generation_id, assignments)
        });
        let (code, assignment) = match wait(answer).await {
            Ok(assignment) => (ErrorCode::None, assignment),
            Err(code) => (code, bytes::Bytes::new()),
        };
        SyncGroupResponse::default()
            .throttle_time_ms(Some(0))
            .error_code(code.into())
            .protocol_type(request.protocol_type)
            .protocol_name(request.protocol_name)
            .assignment(assignment)
    }

    /// Notes that a member lives.
    pub fn heartbeat(&self, request: &HeartbeatRequest) -> HeartbeatResponse {
        let caller = Caller {
            member: &request.member_id,
            instance: request.group_instance_id.as_deref(),
        };
        let result = self.with(&request.group_id, |group| {
            group.heartbeat(Instant::now(), caller, request.generation_id)
        });
        HeartbeatResponse::default()
            .throttle_time_ms(Some(0))
            .error_code(code(result))
    }

    /// Lets members go.
    pub fn leave(&self, request: LeaveGroupRequest) -> LeaveGroupResponse {
        let leaving = match request.member_id {
            Some(member) => vec![MemberIdentity::default().member_id(member)],
            None => request.members.unwrap_or_default(),
        };
        let members = leaving.into_iter().map(|member| {
            let caller = Caller {
                member: &member.member_id,
                instance: member.group_instance_id.as_deref(),
            };
            let result = self.with(&request.group_id, |group| {
                group.leave(Instant::now(), caller)
            });
            MemberResponse::default()
                .error_code(code(result))
                .member_id(member.member_id)
                .group_instance_id(member.group_instance_id)
        });
        let members: Vec<MemberResponse> = members.collect();
        // Only members of older clients, which name one member, are told by this field.
        let first = members.first().map_or(0, |member| member.error_code);
        LeaveGroupResponse::default()
            .throttle_time_ms(Some(0))
            .error_code(first)
            .members(Some(members))
    }

    /// Refuses a commit of somebody who is not, or no longer, a member.
    pub fn refusal(&self, request: &OffsetCommitRequest) -> Option<OffsetCommitResponse> {
        let caller = Caller {
            member: request.member_id.as_deref().unwrap_or_default(),
            instance: request.group_instance_id.as_deref(),
        };
        let generation = request.generation_id_or_member_epoch.unwrap_or(-1);
        let allowed = self.with(&request.group_id, |group| {
            group.may_commit(caller, generation)
        });
        let refused = allowed.err()?;
        let topics = request.topics.iter().flatten().map(|topic| {
            let partitions = topic.partitions.iter().flatten().map(|partition| {
                OffsetCommitResponsePartition::default()
                    .partition_index(partition.partition_index)
                    .error_code(refused.into())
            });
            OffsetCommitResponseTopic::default()
                .name(topic.name.clone())
                .partitions(Some(partitions.collect()))
        });
        let response = OffsetCommitResponse::default()
            .throttle_time_ms(Some(0))
            .topics(Some(topics.collect()));
        Some(response)
    }

    /// Tells operators about groups; of those without members only the ones with committed offsets are known.
    pub fn describe(
        &self,
        request: DescribeGroupsRequest,
        with_offsets: &BTreeSet<String>,
    ) -> DescribeGroupsResponse {
        let groups = request.groups.unwrap_or_default().into_iter().map(|name| {
            let described = self.described(&name);
            let state = match with_offsets.contains(&name) {
                false if described.members.is_empty() => "Dead",
                _ => described.state,
            };
            let members = described.members.into_iter().map(described_member);
            DescribedGroup::default()
                .error_code(ErrorCode::None.into())
                .group_id(name)
                .group_state(state.to_owned())
                .protocol_type(described.protocol_type)
                .protocol_data(described.protocol)
                .members(Some(members.collect()))
                // Not asked for, or not known: there are no permissions.
                .authorized_operations(Some(i32::MIN))
        });
        DescribeGroupsResponse::default()
            .throttle_time_ms(Some(0))
            .groups(Some(groups.collect()))
    }

    /// Lists the groups that have members or committed offsets.
    pub fn list(
        &self,
        request: ListGroupsRequest,
        with_offsets: BTreeSet<String>,
    ) -> ListGroupsResponse {
        const TYPE: &str = "classic";
        let is_wanted = |filter: &Option<Vec<String>>, word: &str| {
            let words = filter.as_deref().unwrap_or_default();
            words.is_empty() || words.iter().any(|wanted| wanted.eq_ignore_ascii_case(word))
        };
        let mut names = with_offsets;
        names.extend(self.with_members());
        let groups = names.into_iter().filter_map(|name| {
            let described = self.described(&name);
            let is_listed = is_wanted(&request.states_filter, described.state)
                && is_wanted(&request.types_filter, TYPE);
            is_listed.then(|| {
                ListedGroup::default()
                    .group_id(name)
                    .protocol_type(described.protocol_type)
                    .group_state(Some(described.state.to_owned()))
                    .group_type(Some(TYPE.to_owned()))
            })
        });
        ListGroupsResponse::default()
            .throttle_time_ms(Some(0))
            .error_code(ErrorCode::None.into())
            .groups(Some(groups.collect()))
    }

    fn described(&self, group: &str) -> Described {
        let groups = self.lock();
        let known = groups.get(group).map(Group::describe);
        known.unwrap_or_else(|| Group::default().describe())
    }

    fn with_members(&self) -> Vec<String> {
        let groups = self.lock();
        let with_members = groups.iter().filter(|(_, group)| !group.is_empty());
        with_members.map(|(name, _)| name.clone()).collect()
    }

    /// Lets go of members of which nothing is heard.
    pub fn pass_time(&self) {
        let now = Instant::now();
        self.lock()
            .values_mut()
            .for_each(|group| group.pass_time(now));
    }

    fn with<T>(&self, group: &str, work: impl FnOnce(&mut Group) -> T) -> T {
        work(self.lock().entry(group.to_owned()).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Group>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

fn described_member(member: DescribedMember) -> DescribedGroupMember {
    let DescribedMember {
        listed,
        client,
        assignment,
    } = member;
    DescribedGroupMember::default()
        .member_id(listed.member)
        .group_instance_id(listed.instance)
        .client_id(client)
        // The broker listens on loopback only.
        .client_host("/127.0.0.1".to_owned())
        .member_metadata(listed.metadata)
        .member_assignment(assignment)
}

fn milliseconds(count: i32) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or_default())
}

fn code(result: Result<(), ErrorCode>) -> i16 {
    result.err().unwrap_or(ErrorCode::None).into()
}

/// Waits for an answer; the one of a member that has been let go meanwhile never comes.
async fn wait<T>(answer: Answer<T>) -> Result<T, ErrorCode> {
    answer.await.unwrap_or(Err(ErrorCode::UnknownMemberId))
}

fn joined_response(joined: Joined) -> JoinGroupResponse {
    let listed = |listed: Listed| {
        JoinGroupResponseMember::default()
            .member_id(listed.member)
            .group_instance_id(listed.instance)
            .metadata(listed.metadata)
    };
    JoinGroupResponse::default()
        .throttle_time_ms(Some(0))
        .error_code(ErrorCode::None.into())
        .generation_id(joined.generation)
        .protocol_type(Some(joined.protocol_type))
        .protocol_name(Some(joined.protocol))
        .leader(joined.leader)
        .skip_assignment(Some(false))
        .member_id(joined.member)
        .members(Some(joined.members.into_iter().map(listed).collect()))
}
