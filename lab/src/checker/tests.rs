use uuid::Uuid;

use super::*;

const TOPIC: &str = "task-events";

fn change(subject: &str, version: i64) -> Change {
    Change {
        topic: TOPIC,
        subject: subject.to_owned(),
        version,
    }
}

fn arrival(subject: &str, version: i64, event: u128) -> Arrival {
    Arrival {
        change: change(subject, version),
        event_id: Uuid::from_u128(event),
    }
}

fn effect(cause: &str) -> Effect {
    Effect {
        kind: "effect",
        cause: cause.to_owned(),
    }
}

fn told(changes: &[Change], arrivals: &[Arrival]) -> Vec<Violation> {
    check(&Evidence {
        changes: changes.to_vec(),
        arrivals: arrivals.to_vec(),
        ..Evidence::default()
    })
}

fn brought_about(due: &[&str], found: &[&str]) -> Vec<Violation> {
    check(&Evidence {
        due: due.iter().copied().map(effect).collect(),
        effects: found.iter().copied().map(effect).collect(),
        ..Evidence::default()
    })
}

#[test]
fn what_was_told_once_in_order_breaks_no_promise() {
    let changes = [change("a", 1), change("a", 2), change("b", 1)];
    let arrivals = [arrival("a", 1, 1), arrival("b", 1, 2), arrival("a", 2, 3)];
    assert_eq!(told(&changes, &arrivals), []);
    assert_eq!(brought_about(&["a", "b"], &["b", "a"]), []);
}

#[test]
fn an_event_that_is_delivered_again_breaks_no_promise_however_late_it_comes() {
    let changes = [change("a", 1), change("a", 2)];
    let arrivals = [
        arrival("a", 1, 1),
        arrival("a", 2, 2),
        arrival("a", 1, 1),
        arrival("a", 2, 2),
    ];
    assert_eq!(told(&changes, &arrivals), []);
}

#[test]
fn a_change_that_nobody_was_told_of_is_lost() {
    assert_eq!(
        told(&[change("a", 1), change("a", 2)], &[arrival("a", 2, 2)]),
        [Violation::LostEvent(change("a", 1))]
    );
}

#[test]
fn two_events_of_one_change_are_doubled() {
    assert_eq!(
        told(
            &[change("a", 1)],
            &[arrival("a", 1, 1), arrival("a", 1, 2), arrival("a", 1, 1)]
        ),
        [Violation::DoubledEvent(change("a", 1), 2)]
    );
}

#[test]
fn a_first_arrival_after_a_later_version_is_inverted() {
    let changes = [change("a", 1), change("a", 2), change("a", 3)];
    assert_eq!(
        told(
            &changes,
            &[arrival("a", 2, 2), arrival("a", 1, 1), arrival("a", 3, 3)]
        ),
        [Violation::Inverted {
            late: change("a", 1),
            after: 2
        }]
    );
}

#[test]
fn an_event_of_something_that_was_never_committed_is_unfounded() {
    assert_eq!(
        told(&[], &[arrival("a", 1, 1)]),
        [Violation::Unfounded(change("a", 1))]
    );
}

#[test]
fn an_effect_that_is_missing_is_lost_and_one_that_is_there_twice_is_doubled() {
    assert_eq!(
        brought_about(&["a", "b"], &["b", "b", "c"]),
        [
            Violation::LostEffect(effect("a")),
            Violation::DoubledEffect(effect("b"), 2)
        ]
    );
}

#[test]
fn a_tally_counts_each_kind_by_itself() {
    let violations = [
        Violation::LostEvent(change("a", 1)),
        Violation::LostEffect(effect("a")),
        Violation::DoubledEffect(effect("b"), 2),
    ];
    assert_eq!(
        Tally::of(&violations),
        Tally {
            lost: 2,
            doubled: 1,
            inverted: 0,
            unfounded: 0
        }
    );
}
