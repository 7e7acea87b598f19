use bytes::Bytes;

use super::*;

const BOUNDS: FeedConfig = FeedConfig {
    max_records: 100,
    max_bytes: 100_000,
};

fn log(bounds: FeedConfig) -> Arc<PartitionLog> {
    let log = Arc::new(PartitionLog::new(0, bounds));
    log.begin(0);
    log
}

fn id(offset: i64) -> Uuid {
    Uuid::from_u128(1_000 + u128::from(offset.unsigned_abs()))
}

fn behind(offset: i64) -> Position {
    Position {
        partition: 0,
        offset,
        event_id: id(offset),
    }
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn change(bytes: usize) -> Bytes {
    Bytes::from(vec![0; bytes])
}

/// Adds a change of a user at the next offset.
fn push(log: &PartitionLog, offset: i64, name: &str) {
    log.push(offset, id(offset), Some((name, change(6))));
}

fn taken(subscription: &mut Subscription) -> Vec<i64> {
    match subscription.take(100, 100) {
        Taken::Changes(changes) => changes
            .iter()
            .map(|change| change.position.offset)
            .collect(),
        Taken::Nothing => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stream_takes_changes_of_user_in_order() {
    let log = log(BOUNDS);
    push(&log, 0, "alice");
    let mut alice = log.subscribe(&user("alice"));
    for (offset, name) in [(1, "bob"), (2, "alice"), (3, "alice"), (4, "bob")] {
        push(&log, offset, name);
    }
    assert_eq!(taken(&mut alice), [2, 3]);
    assert!(taken(&mut alice).is_empty());
    assert_eq!(alice.position(), behind(4));
    let mut again = log.subscribe_behind(&user("alice"), behind(2)).unwrap();
    assert_eq!(taken(&mut again), [3]);
}

#[test]
fn stream_takes_at_most_requested_number() {
    let log = log(BOUNDS);
    let mut alice = log.subscribe(&user("alice"));
    for offset in 0..5 {
        push(&log, offset, "alice");
    }
    let Taken::Changes(changes) = alice.take(2, 100) else {
        panic!("there are changes");
    };
    assert_eq!(changes.last().unwrap().position, alice.position());
    assert_eq!(taken(&mut alice), [2, 3, 4]);
}

#[test]
fn repeated_event_is_taken_once() {
    let log = log(BOUNDS);
    let mut alice = log.subscribe(&user("alice"));
    push(&log, 0, "alice");
    log.push(1, id(0), Some(("alice", change(6))));
    push(&log, 2, "alice");
    assert_eq!(taken(&mut alice), [0, 2]);
}

#[test]
fn record_without_change_is_a_position() {
    let log = log(BOUNDS);
    let mut alice = log.subscribe(&user("alice"));
    log.push(0, Uuid::nil(), None);
    assert!(taken(&mut alice).is_empty());
    assert_eq!(alice.position().offset, 0);
    assert!(log.subscribe_behind(&user("alice"), behind(0)).is_ok());
}

#[test]
fn slow_stream_does_not_affect_others() {
    let log = log(BOUNDS);
    let [mut slow, mut quick, mut bob] =
        ["alice", "alice", "bob"].map(|name| log.subscribe(&user(name)));
    for offset in 0..4 {
        push(&log, offset, "alice");
        assert_eq!(taken(&mut quick), [offset]);
    }
    assert_eq!(slow.take(100, 3), Taken::TooSlow);
    assert_eq!(quick.take(100, 3), Taken::Nothing);
    assert_eq!(bob.take(100, 3), Taken::Nothing);
}

#[test]
fn dropped_changes_end_only_streams_behind_them() {
    let log = log(FeedConfig {
        max_records: 3,
        ..BOUNDS
    });
    let [mut slow, mut quick, mut bob] =
        ["alice", "alice", "bob"].map(|name| log.subscribe(&user(name)));
    push(&log, 0, "alice");
    assert_eq!(taken(&mut quick), [0]);
    for offset in 1..5 {
        push(&log, offset, "carol");
    }
    assert_eq!(slow.take(100, 100), Taken::TooSlow);
    assert!(taken(&mut quick).is_empty());
    assert!(taken(&mut bob).is_empty());
    push(&log, 5, "bob");
    assert_eq!(taken(&mut bob), [5]);
}

#[test]
fn the_bytes_of_the_changes_are_bounded_too() {
    let log = log(FeedConfig {
        max_bytes: 10 * (RECORD_BYTES + 1_000),
        ..BOUNDS
    });
    for offset in 0..50 {
        log.push(offset, id(offset), Some(("alice", change(1_000))));
    }
    let begin = log.subscribe_behind(&user("alice"), behind(7));
    assert_eq!(begin.unwrap_err(), SubscribeError::Before(40));
    let mut kept = log.subscribe_behind(&user("alice"), behind(39)).unwrap();
    assert_eq!(taken(&mut kept).len(), 10);
}

#[test]
fn position_must_match_its_event() {
    let log = log(FeedConfig {
        max_records: 3,
        ..BOUNDS
    });
    for offset in 0..6 {
        push(&log, offset, "alice");
    }
    let find = |position| log.subscribe_behind(&user("alice"), position).map(drop);
    let other = |offset| Position {
        event_id: id(77),
        ..behind(offset)
    };
    // 2 is no longer kept, but was the last before those that are.
    for offset in 2..6 {
        assert_eq!(find(behind(offset)), Ok(()), "{offset}");
        assert_eq!(
            find(other(offset)),
            Err(SubscribeError::Unknown),
            "{offset}"
        );
    }
    assert_eq!(find(behind(1)), Err(SubscribeError::Before(3)));
    assert_eq!(find(behind(6)), Err(SubscribeError::Ahead));
}

#[test]
fn a_log_that_begins_anew_tells_every_stream() {
    let log = log(BOUNDS);
    push(&log, 0, "alice");
    let mut alice = log.subscribe(&user("alice"));
    log.begin(7);
    assert_eq!(alice.take(100, 100), Taken::Lost);
    let mut anew = log.subscribe(&user("alice"));
    push(&log, 7, "alice");
    assert_eq!(taken(&mut anew), [7]);
    let old = log.subscribe_behind(&user("alice"), behind(0));
    assert_eq!(old.unwrap_err(), SubscribeError::Before(7));
}

#[test]
fn idle_users_are_forgotten() {
    let log = log(FeedConfig {
        max_records: 2,
        ..BOUNDS
    });
    for offset in 0..10 {
        push(&log, offset, &format!("user {offset}"));
    }
    let streams: Vec<_> = (0..5)
        .map(|number| log.subscribe(&user(&format!("listener {number}"))))
        .collect();
    assert_eq!(log.lock().users.len(), 2 + 5);
    drop(streams);
    assert_eq!(log.lock().users.len(), 2);
}

#[tokio::test]
async fn stream_is_notified_of_changes_of_its_user() {
    let log = log(BOUNDS);
    let mut alice = log.subscribe(&user("alice"));
    push(&log, 0, "alice");
    assert_eq!(taken(&mut alice), [0]);
    push(&log, 1, "bob");
    let mut waiting = Box::pin(alice.changed());
    assert!(futures::poll!(&mut waiting).is_pending());
    push(&log, 2, "alice");
    waiting.await;
    assert_eq!(taken(&mut alice), [2]);
}

#[tokio::test]
async fn position_ahead_waits_for_log() {
    let log = log(BOUNDS);
    let mut waiting = Box::pin(log.reached(1));
    push(&log, 0, "alice");
    assert!(futures::poll!(&mut waiting).is_pending());
    push(&log, 1, "bob");
    waiting.await;
}
