use super::*;

const SESSION: Duration = Duration::from_secs(10);
const REBALANCE: Duration = Duration::from_secs(60);

/// A group, and the time in it.
struct Stage {
    group: Group,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        Self {
            group: Group::default(),
            now: Instant::now(),
        }
    }

    fn join(&mut self, member: &str, instance: Option<&str>) -> Answer<Joined> {
        let membership = Membership {
            client: "client".to_owned(),
            protocol_type: "consumer".to_owned(),
            protocols: vec![("sticky".to_owned(), Bytes::from_static(b"topics"))],
            session: SESSION,
            rebalance: REBALANCE,
        };
        self.group
            .join(self.now, Caller { member, instance }, membership)
    }

    fn sync(&mut self, joined: &Joined, parts: &[(&Joined, &'static str)]) -> Answer<Bytes> {
        let parts = parts
            .iter()
            .map(|(joined, part)| (joined.member.clone(), Bytes::from_static(part.as_bytes())))
            .collect();
        self.group
            .sync(self.now, caller(joined), joined.generation, parts)
    }

    fn heartbeat(&mut self, joined: &Joined) -> Result<(), ResponseError> {
        self.group
            .heartbeat(self.now, caller(joined), joined.generation)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.group.pass_time(self.now);
    }

    /// Two members, the first of which leads, with their assignments.
    fn pair(&mut self, instances: [Option<&str>; 2]) -> [Joined; 2] {
        let alone = has(self.join("", instances[0]));
        let mut second = self.join("", instances[1]);
        assert!(is_waiting(&mut second));
        let first = has(self.join(&alone.member, instances[0]));
        let second = has(second);
        let mut follower = self.sync(&second, &[]);
        assert!(is_waiting(&mut follower));
        assert_eq!(
            has(self.sync(&first, &[(&first, "0"), (&second, "1")])),
            "0"
        );
        assert_eq!(has(follower), "1");
        [first, second]
    }
}

fn caller(joined: &Joined) -> Caller<'_> {
    Caller {
        member: &joined.member,
        instance: None,
    }
}

fn is_waiting<T>(answer: &mut Answer<T>) -> bool {
    answer.try_recv().is_err()
}

fn has<T>(answer: Answer<T>) -> T {
    got(answer).expect("the answer is no refusal")
}

fn got<T>(mut answer: Answer<T>) -> Result<T, ResponseError> {
    answer.try_recv().expect("there is an answer")
}

#[test]
fn single_member_leads_at_once() {
    let mut stage = Stage::new();
    let joined = has(stage.join("", None));
    assert_eq!(joined.leader, joined.member);
    assert_eq!(joined.members.len(), 1);
    assert_eq!(joined.protocol, "sticky");
    assert_eq!(has(stage.sync(&joined, &[(&joined, "all")])), "all");
    assert_eq!(stage.heartbeat(&joined), Ok(()));
}

#[test]
fn generation_starts_for_all_members_together() {
    let mut stage = Stage::new();
    let [first, second] = stage.pair([None, None]);
    assert_eq!(first.generation, second.generation);
    assert_eq!(first.leader, second.leader);
    assert_eq!(first.members.len(), 2);
    assert_eq!(second.members, []);
}

#[test]
fn rebalance_drops_members_without_heartbeat() {
    let mut stage = Stage::new();
    let [leader, follower] = stage.pair([None, None]);
    stage.wait(SESSION / 2);
    assert_eq!(stage.heartbeat(&follower), Ok(()));
    stage.wait(SESSION / 2);
    assert_eq!(
        stage.heartbeat(&follower),
        Err(ResponseError::RebalanceInProgress)
    );
    let alone = has(stage.join(&follower.member, None));
    assert_eq!(alone.leader, follower.member);
    assert_eq!(alone.members.len(), 1);
    assert_eq!(has(stage.sync(&alone, &[(&alone, "all")])), "all");
    assert_eq!(
        stage.heartbeat(&leader),
        Err(ResponseError::UnknownMemberId)
    );
}

#[test]
fn new_leader_assigns_after_the_first_one_died() {
    let mut stage = Stage::new();
    let alone = has(stage.join("", None));
    let second = stage.join("", None);
    let first = has(stage.join(&alone.member, None));
    let second = has(second);
    assert_eq!(first.leader, first.member);
    let mut waiting = stage.sync(&second, &[]);
    assert!(is_waiting(&mut waiting));
    stage.wait(SESSION);
    assert_eq!(got(waiting), Err(ResponseError::RebalanceInProgress));
    let next = has(stage.join(&second.member, None));
    assert_eq!(next.leader, second.member);
}

#[test]
fn rebalance_timeout_drops_members_that_do_not_join() {
    let mut stage = Stage::new();
    let [leader, _] = stage.pair([None, None]);
    let mut third = stage.join("", None);
    for _ in 0..11 {
        stage.wait(SESSION / 2);
        let told = stage.heartbeat(&leader);
        assert_eq!(told, Err(ResponseError::RebalanceInProgress));
    }
    assert!(is_waiting(&mut third));
    stage.wait(SESSION / 2);
    let third = has(third);
    assert_eq!(third.leader, third.member);
}

#[test]
fn restarted_static_member_keeps_its_assignment() {
    let mut stage = Stage::new();
    let [leader, follower] = stage.pair([Some("a"), Some("b")]);
    let again = has(stage.join("", Some("a")));
    assert_eq!(again.generation, leader.generation);
    assert_ne!(again.member, leader.member);
    // Else it would assign everything anew, to nobody.
    assert_ne!(again.leader, again.member);
    assert_eq!(has(stage.sync(&again, &[])), "0");
    assert_eq!(stage.heartbeat(&follower), Ok(()));
    let fenced = Caller {
        instance: Some("a"),
        ..caller(&leader)
    };
    let told = stage.group.heartbeat(stage.now, fenced, leader.generation);
    assert_eq!(told, Err(ResponseError::FencedInstanceId));
    // It leads again at the next rebalance.
    let third = stage.join("", Some("c"));
    let second = stage.join(&follower.member, Some("b"));
    let first = has(stage.join(&again.member, Some("a")));
    assert_eq!(first.leader, again.member);
    assert_eq!(first.members.len(), 3);
    assert_eq!(has(third).leader, has(second).leader);
}

#[test]
fn static_member_may_restart_during_rebalance() {
    let mut stage = Stage::new();
    let [_, second] = stage.pair([Some("a"), Some("b")]);
    let waiting = stage.join("", Some("c"));
    let restarted = stage.join("", Some("a"));
    let again = stage.join("", Some("a"));
    assert_eq!(got(restarted), Err(ResponseError::FencedInstanceId));
    let followed = has(stage.join(&second.member, Some("b")));
    assert_eq!(has(again).leader, followed.leader);
    assert_eq!(has(waiting).generation, followed.generation);
}

#[test]
fn rebalance_does_not_wait_for_leaving_members() {
    let mut stage = Stage::new();
    let [leader, follower] = stage.pair([None, None]);
    assert_eq!(stage.group.leave(stage.now, caller(&leader)), Ok(()));
    assert_eq!(
        stage.group.leave(stage.now, caller(&leader)),
        Err(ResponseError::UnknownMemberId)
    );
    let alone = has(stage.join(&follower.member, None));
    assert_eq!(alone.members.len(), 1);
}

#[test]
fn commit_needs_membership_and_current_generation() {
    let mut stage = Stage::new();
    let nobody = Caller {
        member: "",
        instance: None,
    };
    assert_eq!(stage.group.may_commit(nobody, -1), Ok(()));
    let joined = has(stage.join("", None));
    let generation = joined.generation;
    let assigning = stage.group.may_commit(caller(&joined), generation);
    assert_eq!(assigning, Err(ResponseError::RebalanceInProgress));
    has(stage.sync(&joined, &[]));
    assert_eq!(stage.group.may_commit(caller(&joined), generation), Ok(()));
    let late = stage.group.may_commit(caller(&joined), generation - 1);
    assert_eq!(late, Err(ResponseError::IllegalGeneration));
    let strange = stage.group.may_commit(nobody, -1);
    assert_eq!(strange, Err(ResponseError::UnknownMemberId));
}

#[test]
fn description_lists_members_and_assignments() {
    let mut stage = Stage::new();
    assert_eq!(stage.group.describe().state, "Empty");
    let joined = has(stage.join("", Some("name")));
    let described = stage.group.describe();
    assert_eq!(described.state, "CompletingRebalance");
    assert_eq!(described.protocol, "");
    has(stage.sync(&joined, &[(&joined, "all")]));
    let listed = Listed {
        member: joined.member.clone(),
        instance: Some("name".to_owned()),
        metadata: Bytes::from_static(b"topics"),
    };
    let member = DescribedMember {
        listed,
        client: "client".to_owned(),
        assignment: Bytes::from_static(b"all"),
    };
    let described = Described {
        state: "Stable",
        protocol_type: "consumer".to_owned(),
        protocol: "sticky".to_owned(),
        members: vec![member],
    };
    assert_eq!(stage.group.describe(), described);
}

#[test]
fn member_without_common_protocol_is_refused() {
    let mut stage = Stage::new();
    has(stage.join("", None));
    for (protocol_type, protocol) in [("consumer", "range"), ("connect", "sticky")] {
        let membership = Membership {
            client: "client".to_owned(),
            protocol_type: protocol_type.to_owned(),
            protocols: vec![(protocol.to_owned(), Bytes::new())],
            session: SESSION,
            rebalance: REBALANCE,
        };
        let nobody = Caller {
            member: "",
            instance: None,
        };
        let refused = stage.group.join(stage.now, nobody, membership);
        assert_eq!(got(refused), Err(ResponseError::InconsistentGroupProtocol));
    }
}
