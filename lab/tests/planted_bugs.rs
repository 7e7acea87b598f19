//! The checker catches relays and consumers with planted bugs, and finds nothing in the real ones at the same moments.

mod planted;
#[path = "../../service-runtime/tests/support/mod.rs"]
mod support;

use lab::checker::{Arrival, Change, Effect, Evidence, Violation, check};
use planted::{
    consumer::{EFFECT_BEFORE_INBOX, OFFSET_BEFORE_EFFECT, RIGHT, Step, die_and_come_back},
    cursor::{Cursor, Relay},
    overtaking::{begin_early, commit_late},
};
use service_runtime::{
    ids::Ids,
    postgres::Database,
    testing::{TestDatabase, TestRelay, TestService, TestTopics, eventually},
};
use support::{Probe, effects, event};
use taskmesh_proto::{
    notification::v1::ReminderEvent,
    topics::{TASK_EVENTS, TASK_REMINDERS},
};
use uuid::Uuid;

const KIND: &str = "taskmesh.notification.v1.ReminderSent";

fn change(subject: &str, version: i64) -> Change {
    Change {
        topic: TASK_EVENTS.name,
        subject: subject.to_owned(),
        version,
    }
}

fn effect(event: Uuid) -> Effect {
    Effect {
        kind: "effect",
        cause: event.to_string(),
    }
}

fn judge_events(changes: &[Change], arrivals: Vec<Arrival>) -> Vec<Violation> {
    check(&Evidence {
        changes: changes.to_vec(),
        arrivals,
        ..Evidence::default()
    })
}

async fn judge_effects(database: &Database, due: Uuid) -> Vec<Violation> {
    let found = effects(database).await;
    check(&Evidence {
        due: vec![effect(due)],
        effects: found.iter().map(|found| effect(found.event_id)).collect(),
        ..Evidence::default()
    })
}

/// Has a planted relay read the outbox while a commit comes late, and afterwards.
async fn relay_a_late_commit(cursor: Cursor) -> Vec<Violation> {
    let own = TestDatabase::create(support::schema()).await;
    let database = own.open(support::schema());
    let mut relay = Relay::new(cursor);
    commit_late(&own, relay.poll(&database)).await;
    relay.poll(&database).await;
    judge_events(
        &[change("slow", 1), change("quick", 1)],
        relay.into_arrivals(),
    )
}

/// Has a planted relay read the outbox after a transaction that began early has written late.
async fn relay_an_early_beginning(cursor: Cursor) -> Vec<Violation> {
    let own = TestDatabase::create(support::schema()).await;
    let database = own.open(support::schema());
    let mut relay = Relay::new(cursor);
    begin_early(&own).await;
    // Other transactions of the server hold up the horizon, those of other tests among them.
    eventually("the planted relay has found both", async || {
        let mut relay = Relay::new(cursor);
        relay.poll(&database).await;
        (relay.into_arrivals().len() == 2).then_some(())
    })
    .await;
    relay.poll(&database).await;
    judge_events(&[change("a", 1), change("a", 2)], relay.into_arrivals())
}

#[tokio::test]
async fn a_cursor_on_the_last_id_loses_what_is_committed_late() {
    assert_eq!(
        relay_a_late_commit(Cursor::AfterLastId).await,
        [Violation::LostEvent(change("slow", 1))]
    );
}

#[tokio::test]
async fn a_cursor_in_the_order_of_transactions_inverts_the_changes_of_one_thing() {
    assert_eq!(
        relay_an_early_beginning(Cursor::ByTransaction).await,
        [Violation::Inverted {
            late: change("a", 1),
            after: 2
        }]
    );
}

#[tokio::test]
async fn the_relay_loses_and_inverts_nothing_at_the_same_moments() {
    let own = TestDatabase::create(support::schema()).await;
    let topics = TestTopics::create().await;
    let relay = TestRelay::start(&own.open(support::schema()), topics.config());
    let arrived = async |count: usize| {
        eventually(&format!("{count} events arrive"), async || {
            let events = topics.events::<ReminderEvent>(&TASK_EVENTS).await;
            (events.len() >= count).then_some(events)
        })
        .await
    };
    commit_late(&own, async {
        // The relay has gone past the event that is not there yet.
        arrived(1).await;
    })
    .await;
    begin_early(&own).await;

    let arrivals = arrived(4).await.into_iter().map(|event| Arrival {
        change: change(&event.key, event.message.reminder_version),
        event_id: event.id,
    });
    let changes = [
        change("slow", 1),
        change("quick", 1),
        change("a", 1),
        change("a", 2),
    ];
    assert_eq!(judge_events(&changes, arrivals.collect()), []);
    relay.stop().await;
}

async fn die(steps: &[Step], after: usize) -> (Vec<Violation>, Uuid) {
    let own = TestDatabase::create(support::schema()).await;
    let database = own.open(support::schema());
    let event = Ids.uuid_v7();
    die_and_come_back(&database, steps, after, event).await;
    (judge_effects(&database, event).await, event)
}

#[tokio::test]
async fn an_offset_that_is_committed_before_the_effect_loses_it_with_the_process() {
    let (violations, event) = die(OFFSET_BEFORE_EFFECT, 1).await;
    assert_eq!(violations, [Violation::LostEffect(effect(event))]);
}

#[tokio::test]
async fn an_effect_that_is_committed_before_the_inbox_is_doubled_by_a_death_in_between() {
    let (violations, event) = die(EFFECT_BEFORE_INBOX, 1).await;
    assert_eq!(violations, [Violation::DoubledEffect(effect(event), 2)]);
}

#[tokio::test]
async fn an_effect_that_is_one_commit_with_the_inbox_is_there_once_wherever_the_process_dies() {
    for after in 0..=RIGHT.len() {
        let (violations, _) = die(RIGHT, after).await;
        assert_eq!(violations, [], "dies after {after} steps");
    }
}

#[tokio::test]
async fn the_consumer_has_each_effect_once_although_its_event_is_delivered_again() {
    let service = TestService::<Probe>::start(&[]).await;
    let database = service.database();
    let id = Ids.uuid_v7();
    let last = Ids.uuid_v7();
    for id in [id, id, last] {
        let message = event("ok", "a", 1);
        service
            .publish(&TASK_REMINDERS, "a", id, KIND, &message)
            .await;
    }
    eventually("the last effect is there", async || {
        let found = effects(&database).await;
        found
            .iter()
            .any(|found| found.event_id == last)
            .then_some(())
    })
    .await;
    assert_eq!(judge_effects(&database, id).await, []);
}
