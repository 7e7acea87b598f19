//! The members of one consumer group and what each of them reads, as Kafka's classic protocol has it: KIP-62 (heartbeats), KIP-345
//! (members that keep their place when they restart), KIP-429 (cooperative rebalances need nothing of the coordinator).
//!
//! Pure: time is an argument, and an answer that has to wait is a channel.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot::{Receiver, Sender, channel};
use uuid::Uuid;

/// An answer that may have to wait for other members.
pub type Answer<T> = Receiver<Result<T, ResponseError>>;
type Reply<T> = Sender<Result<T, ResponseError>>;

/// Who asks: a member's id, empty for one that is new, and the name that it keeps across restarts, if it has one.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    pub member: &'a str,
    pub instance: Option<&'a str>,
}

/// How somebody wants to be a member.
#[derive(Debug, Clone)]
pub struct Membership {
    pub client: String,
    pub protocol_type: String,
    /// The ways of assigning partitions that the member knows, best first, each with what it has to say for it.
    pub protocols: Vec<(String, Bytes)>,
    /// A member of which nothing is heard for so long is no longer one.
    pub session: Duration,
    /// A rebalance waits so long for the member.
    pub rebalance: Duration,
}

/// What a member learns when a generation begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    pub generation: i32,
    pub protocol_type: String,
    pub protocol: String,
    pub leader: String,
    pub member: String,
    /// Everybody, for the leader; nobody for others.
    pub members: Vec<Listed>,
}

/// A member as the leader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub member: String,
    pub instance: Option<String>,
    pub metadata: Bytes,
}

/// A group as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Kafka's word for what the group does at the moment.
    pub state: &'static str,
    pub protocol_type: String,
    /// How partitions are assigned; empty as long as that is not settled.
    pub protocol: String,
    pub members: Vec<DescribedMember>,
}

/// A member as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedMember {
    pub listed: Listed,
    pub client: String,
    pub assignment: Bytes,
}

/// One consumer group.
#[derive(Debug, Default)]
pub struct Group {
    phase: Phase,
    generation: i32,
    protocol: String,
    leader: String,
    members: BTreeMap<String, Member>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Phase {
    /// Everybody knows what to read, or there is nobody.
    #[default]
    Stable,
    /// Members are waited for until then.
    Joining { until: Instant },
    /// The leader's assignment is waited for.
    Assigning,
}

#[derive(Debug)]
struct Member {
    instance: Option<String>,
    membership: Membership,
    expires: Instant,
    assignment: Bytes,
    joining: Option<Reply<Joined>>,
    syncing: Option<Reply<Bytes>>,
}

impl Member {
    fn is_waiting(&self) -> bool {
        self.joining.is_some() || self.syncing.is_some()
    }

    fn heard(&mut self, now: Instant) {
        self.expires = now + self.membership.session;
    }

    fn metadata(&self, protocol: &str) -> Option<&Bytes> {
        let mut protocols = self.membership.protocols.iter();
        protocols
            .find(|(name, _)| name == protocol)
            .map(|(_, metadata)| metadata)
    }
}

impl Group {
    /// Takes a member into the next generation. The answer comes when everybody else has joined it too, or has not in time.
    pub fn join(
        &mut self,
        now: Instant,
        caller: Caller<'_>,
        membership: Membership,
    ) -> Answer<Joined> {
        let (reply, answer) = channel();
        if let Err(code) = self.admit(caller, &membership) {
            return refuse(reply, answer, code);
        }
        let restarted = caller.instance.filter(|_| caller.member.is_empty());
        let earlier = restarted.and_then(|instance| self.find(instance));
        let id = if caller.member.is_empty() {
            let name = caller.instance.unwrap_or(&membership.client);
            format!("{name}-{}", Uuid::new_v4())
        } else {
            caller.member.to_owned()
        };
        if let Some(earlier) = &earlier {
            self.replace(earlier, &id);
        }
        let member = self.members.entry(id.clone()).or_insert_with(|| Member {
            instance: caller.instance.map(ToOwned::to_owned),
            membership: membership.clone(),
            expires: now,
            assignment: Bytes::new(),
            joining: None,
            syncing: None,
        });
        member.membership = membership;
        member.heard(now);
        if let (Phase::Stable, Some(earlier)) = (self.phase, earlier) {
            // It goes on with what it read before. It must not take itself for the leader, who would assign everything anew.
            let joined = self.joined(id, earlier);
            let _ = reply.send(Ok(joined));
            return answer;
        }
        member.joining = Some(reply);
        self.begin(now);
        self.proceed(now);
        answer
    }

    /// Takes over the leader's assignment, and tells each member its part as soon as it is known.
    pub fn sync(
        &mut self,
        now: Instant,
        caller: Caller<'_>,
        generation: i32,
        assignments: Vec<(String, Bytes)>,
    ) -> Answer<Bytes> {
        let (reply, answer) = channel();
        if let Err(code) = self.check(caller, generation) {
            return refuse(reply, answer, code);
        }
        let is_leader = caller.member == self.leader;
        let Some(member) = self.members.get_mut(caller.member) else {
            return refuse(reply, answer, ResponseError::UnknownMemberId);
        };
        member.heard(now);
        match self.phase {
            Phase::Joining { .. } => {
                return refuse(reply, answer, ResponseError::RebalanceInProgress);
            }
            Phase::Stable => {
                let _ = reply.send(Ok(member.assignment.clone()));
            }
            Phase::Assigning => {
                member.syncing = Some(reply);
                if is_leader {
                    self.assign(now, assignments);
                }
            }
        }
        answer
    }

    /// Notes that a member lives; tells it to join if there is a rebalance.
    pub fn heartbeat(
        &mut self,
        now: Instant,
        caller: Caller<'_>,
        generation: i32,
    ) -> Result<(), ResponseError> {
        self.check(caller, generation)?;
        if let Some(member) = self.members.get_mut(caller.member) {
            member.heard(now);
        }
        match self.phase {
            Phase::Joining { .. } => Err(ResponseError::RebalanceInProgress),
            Phase::Assigning | Phase::Stable => Ok(()),
        }
    }

    /// Lets a member go, named by its id or by the name that it keeps.
    pub fn leave(&mut self, now: Instant, caller: Caller<'_>) -> Result<(), ResponseError> {
        let id = match caller.instance {
            Some(instance) if caller.member.is_empty() => self.find(instance),
            _ => Some(caller.member.to_owned()),
        };
        let left = id.and_then(|id| self.members.remove(&id));
        left.ok_or(ResponseError::UnknownMemberId)?;
        self.begin(now);
        self.proceed(now);
        Ok(())
    }

    /// Returns whether offsets may be committed: by members of the current generation, and by others while nobody is a member.
    pub fn may_commit(&self, caller: Caller<'_>, generation: i32) -> Result<(), ResponseError> {
        if generation < 0 && self.members.is_empty() {
            return Ok(());
        }
        self.check(caller, generation)?;
        match self.phase {
            Phase::Assigning => Err(ResponseError::RebalanceInProgress),
            Phase::Joining { .. } | Phase::Stable => Ok(()),
        }
    }

    /// Lets go of members of which nothing is heard, and ends a rebalance that has waited long enough.
    pub fn pass_time(&mut self, now: Instant) {
        let before = self.members.len();
        self.members
            .retain(|_, member| member.is_waiting() || now < member.expires);
        if self.members.len() < before {
            self.begin(now);
        }
        self.proceed(now);
    }

    /// Returns whether nobody is a member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Tells operators about the group.
    pub fn describe(&self) -> Described {
        let state = match self.phase {
            _ if self.members.is_empty() => "Empty",
            Phase::Stable => "Stable",
            Phase::Joining { .. } => "PreparingRebalance",
            Phase::Assigning => "CompletingRebalance",
        };
        let protocol = match state {
            "Stable" => self.protocol.clone(),
            _ => String::new(),
        };
        let members = self.members.iter().map(|(id, member)| DescribedMember {
            listed: self.listed(id, member),
            client: member.membership.client.clone(),
            assignment: member.assignment.clone(),
        });
        let first = self.members.values().next();
        let protocol_type = first.map(|member| member.membership.protocol_type.clone());
        Described {
            state,
            protocol_type: protocol_type.unwrap_or_default(),
            protocol,
            members: members.collect(),
        }
    }

    fn listed(&self, id: &str, member: &Member) -> Listed {
        Listed {
            member: id.to_owned(),
            instance: member.instance.clone(),
            metadata: member.metadata(&self.protocol).cloned().unwrap_or_default(),
        }
    }

    /// Refuses who cannot be a member.
    fn admit(&self, caller: Caller<'_>, membership: &Membership) -> Result<(), ResponseError> {
        if !caller.member.is_empty() {
            self.know(caller)?;
        }
        let others = || {
            let is_other = |(id, member): &(&String, &Member)| {
                *id != caller.member
                    && (caller.instance.is_none() || member.instance.as_deref() != caller.instance)
            };
            self.members
                .iter()
                .filter(is_other)
                .map(|(_, member)| member)
        };
        let is_of_type =
            |member: &Member| member.membership.protocol_type == membership.protocol_type;
        let is_common =
            |name: &str| others().all(|member: &Member| member.metadata(name).is_some());
        let mut protocols = membership.protocols.iter();
        if others().all(is_of_type) && protocols.any(|(name, _)| is_common(name)) {
            Ok(())
        } else {
            Err(ResponseError::InconsistentGroupProtocol)
        }
    }

    /// Refuses who is not a member, or whose place another has taken under the same name.
    fn know(&self, caller: Caller<'_>) -> Result<(), ResponseError> {
        if let Some(instance) = caller.instance
            && let Some(current) = self.find(instance)
            && current != caller.member
        {
            return Err(ResponseError::FencedInstanceId);
        }
        if self.members.contains_key(caller.member) {
            Ok(())
        } else {
            Err(ResponseError::UnknownMemberId)
        }
    }

    fn check(&self, caller: Caller<'_>, generation: i32) -> Result<(), ResponseError> {
        self.know(caller)?;
        if generation == self.generation {
            Ok(())
        } else {
            Err(ResponseError::IllegalGeneration)
        }
    }

    fn find(&self, instance: &str) -> Option<String> {
        let mut members = self.members.iter();
        members
            .find(|(_, member)| member.instance.as_deref() == Some(instance))
            .map(|(id, _)| id.clone())
    }

    /// Gives a member's place to the one that has come back under its name.
    fn replace(&mut self, earlier: &str, id: &str) {
        let Some(mut member) = self.members.remove(earlier) else {
            return;
        };
        if let Some(reply) = member.joining.take() {
            let _ = reply.send(Err(ResponseError::FencedInstanceId));
        }
        if let Some(reply) = member.syncing.take() {
            let _ = reply.send(Err(ResponseError::FencedInstanceId));
        }
        self.members.insert(id.to_owned(), member);
        if self.leader == earlier {
            id.clone_into(&mut self.leader);
        }
    }

    /// Begins a rebalance, if none waits for members already.
    fn begin(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Joining { .. }) {
            return;
        }
        for member in self.members.values_mut() {
            if let Some(reply) = member.syncing.take() {
                member.heard(now);
                let _ = reply.send(Err(ResponseError::RebalanceInProgress));
            }
        }
        let patience = self
            .members
            .values()
            .map(|member| member.membership.rebalance)
            .max();
        let until = now + patience.unwrap_or_default();
        self.phase = Phase::Joining { until };
    }

    /// Begins the next generation if everybody has joined it, or those that have not were waited for long enough.
    fn proceed(&mut self, now: Instant) {
        let Phase::Joining { until } = self.phase else {
            return;
        };
        if now >= until {
            self.members.retain(|_, member| member.joining.is_some());
        } else if self.members.values().any(|member| member.joining.is_none()) {
            return;
        }
        self.generation += 1;
        let Some(first) = self.members.keys().next() else {
            self.phase = Phase::Stable;
            return;
        };
        if !self.members.contains_key(&self.leader) {
            self.leader.clone_from(first);
        }
        self.protocol = self.common_protocol();
        self.phase = Phase::Assigning;
        let ids: BTreeSet<String> = self.members.keys().cloned().collect();
        for id in ids {
            let joined = self.joined(id.clone(), self.leader.clone());
            if let Some(member) = self.members.get_mut(&id) {
                member.heard(now);
                member.assignment.clear();
                if let Some(reply) = member.joining.take() {
                    let _ = reply.send(Ok(joined));
                }
            }
        }
    }

    /// Returns the leader's best protocol that everybody knows.
    fn common_protocol(&self) -> String {
        let is_common = |name: &str| {
            let mut members = self.members.values();
            members.all(|member| member.metadata(name).is_some())
        };
        let leader = self.members.get(&self.leader);
        let mut protocols = leader.into_iter().flat_map(|m| &m.membership.protocols);
        protocols
            .find(|(name, _)| is_common(name))
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }

    fn joined(&self, member: String, leader: String) -> Joined {
        let members = if member == leader {
            let members = self.members.iter();
            members
                .map(|(id, member)| self.listed(id, member))
                .collect()
        } else {
            Vec::new()
        };
        let protocol_type = self
            .members
            .get(&member)
            .map(|member| member.membership.protocol_type.clone());
        Joined {
            generation: self.generation,
            protocol_type: protocol_type.unwrap_or_default(),
            protocol: self.protocol.clone(),
            leader,
            member,
            members,
        }
    }

    fn assign(&mut self, now: Instant, assignments: Vec<(String, Bytes)>) {
        for (id, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = assignment;
            }
        }
        self.phase = Phase::Stable;
        for member in self.members.values_mut() {
            if let Some(reply) = member.syncing.take() {
                member.heard(now);
                let _ = reply.send(Ok(member.assignment.clone()));
            }
        }
    }
}

fn refuse<T>(reply: Reply<T>, answer: Answer<T>, code: ResponseError) -> Answer<T> {
    let _ = reply.send(Err(code));
    answer
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
