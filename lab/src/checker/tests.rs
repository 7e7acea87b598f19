use uuid::Uuid;

use super::{Arrival, Change, Effect, Evidence, Tally, Violation, check};

const TOPIC: &str = "task-events";

fn change(subject: &str, version: i64) -> Change {
    Change::new(TOPIC, subject, version)
}

fn arrival(subject: &str, version: i64, event: u128) -> Arrival {
    Arrival {
        change: change(subject, version),
        event_id: Uuid::from_u128(event),
    }
}

fn effect(cause: &str) -> Effect {
    Effect::new("effect", cause)
}

fn check_events(changes: &[Change], arrivals: &[Arrival]) -> Vec<Violation> {
    check(&Evidence {
        changes: changes.to_vec(),
        arrivals: arrivals.to_vec(),
        ..Evidence::default()
    })
}

fn check_effects(due: &[&str], found: &[&str]) -> Vec<Violation> {
    check(&Evidence {
        due: due.iter().copied().map(effect).collect(),
        effects: found.iter().copied().map(effect).collect(),
        ..Evidence::default()
    })
}

#[test]
fn events_once_and_in_order_pass() {
    let changes = [change("a", 1), change("a", 2), change("b", 1)];
    let arrivals = [arrival("a", 1, 1), arrival("b", 1, 2), arrival("a", 2, 3)];
    assert_eq!(check_events(&changes, &arrivals), []);
    assert_eq!(check_effects(&["a", "b"], &["b", "a"]), []);
}

#[test]
fn late_redelivery_passes() {
    let changes = [change("a", 1), change("a", 2)];
    let arrivals = [
        arrival("a", 1, 1),
        arrival("a", 2, 2),
        arrival("a", 1, 1),
        arrival("a", 2, 2),
    ];
    assert_eq!(check_events(&changes, &arrivals), []);
}

#[test]
fn change_without_event_is_lost() {
    assert_eq!(
        check_events(&[change("a", 1), change("a", 2)], &[arrival("a", 2, 2)]),
        [Violation::LostEvent(change("a", 1))]
    );
}

#[test]
fn two_events_of_one_change_are_doubled() {
    assert_eq!(
        check_events(
            &[change("a", 1)],
            &[arrival("a", 1, 1), arrival("a", 1, 2), arrival("a", 1, 1)]
        ),
        [Violation::DoubledEvent(change("a", 1), 2)]
    );
}

#[test]
fn first_arrival_after_later_version_is_inverted() {
    let changes = [change("a", 1), change("a", 2), change("a", 3)];
    assert_eq!(
        check_events(
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
fn event_without_change_is_unfounded() {
    assert_eq!(
        check_events(&[], &[arrival("a", 1, 1)]),
        [Violation::Unfounded(change("a", 1))]
    );
}

#[test]
fn missing_effect_is_lost_and_repeated_one_doubled() {
    assert_eq!(
        check_effects(&["a", "b"], &["b", "b", "c"]),
        [
            Violation::LostEffect(effect("a")),
            Violation::DoubledEffect(effect("b"), 2)
        ]
    );
}

#[test]
fn tally_counts_by_kind() {
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
