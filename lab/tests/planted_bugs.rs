//! The checker finds planted bugs in relays and consumers, and no violation in the real ones in the same situations.

mod planted;
#[path = "../../service-runtime/tests/support/mod.rs"]
mod support;

use lab::checker::{Arrival, Change, Effect, Evidence, Violation, check};
use planted::{
    consumer::{EFFECT_BEFORE_INBOX, OFFSET_BEFORE_EFFECT, RIGHT, Step, crash_and_restart},
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
    Change::new(TASK_EVENTS.name, subject, version)
}

fn effect(event: Uuid) -> Effect {
    Effect::new("effect", event)
}

fn check_events(changes: &[Change], arrivals: Vec<Arrival>) -> Vec<Violation> {
    check(&Evidence {
        changes: changes.to_vec(),
        arrivals,
        ..Evidence::default()
    })
}

async fn check_effects(database: &Database, due: Uuid) -> Vec<Violation> {
    let found = effects(database).await;
    check(&Evidence {
        due: vec![effect(due)],
        effects: found.iter().map(|found| effect(found.event_id)).collect(),
        ..Evidence::default()
    })
}

/// Runs a planted relay during a late commit and after it.
async fn relay_late_commit(cursor: Cursor) -> Vec<Violation> {
    let own = TestDatabase::create(support::schema()).await;
    let database = own.open(support::schema());
    let mut relay = Relay::new(cursor);
    commit_late(&own, relay.poll(&database)).await;
    relay.poll(&database).await;
    check_events(
        &[change("slow", 1), change("quick", 1)],
        relay.into_arrivals(),
    )
}

/// Runs a planted relay after a transaction that began first and wrote last.
async fn relay_early_begin(cursor: Cursor) -> Vec<Violation> {
    let own = TestDatabase::create(support::schema()).await;
    let database = own.open(support::schema());
    let mut relay = Relay::new(cursor);
    begin_early(&own).await;
    // Other tests' transactions on the server delay the snapshot horizon.
    eventually("the planted relay has found both", async || {
        let mut relay = Relay::new(cursor);
        relay.poll(&database).await;
        (relay.into_arrivals().len() == 2).then_some(())
    })
    .await;
    relay.poll(&database).await;
    check_events(&[change("a", 1), change("a", 2)], relay.into_arrivals())
}

#[tokio::test]
async fn cursor_on_last_id_loses_late_commits() {
    assert_eq!(
        relay_late_commit(Cursor::AfterLastId).await,
        [Violation::LostEvent(change("slow", 1))]
    );
}

#[tokio::test]
async fn cursor_in_transaction_order_inverts_changes() {
    assert_eq!(
        relay_early_begin(Cursor::ByTransaction).await,
        [Violation::Inverted {
            late: change("a", 1),
            after: 2
        }]
    );
}

#[tokio::test]
async fn real_relay_loses_and_inverts_nothing() {
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
        // The relay has passed the id of the uncommitted event.
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
    assert_eq!(check_events(&changes, arrivals.collect()), []);
    relay.stop().await;
}

async fn crash(steps: &[Step], after: usize) -> (Vec<Violation>, Uuid) {
    let own = TestDatabase::create(support::schema()).await;
    let database = own.open(support::schema());
    let event = Ids.uuid_v7();
    crash_and_restart(&database, steps, after, event).await;
    (check_effects(&database, event).await, event)
}

#[tokio::test]
async fn offset_committed_before_effect_loses_it() {
    let (violations, event) = crash(OFFSET_BEFORE_EFFECT, 1).await;
    assert_eq!(violations, [Violation::LostEffect(effect(event))]);
}

#[tokio::test]
async fn effect_committed_before_inbox_is_doubled() {
    let (violations, event) = crash(EFFECT_BEFORE_INBOX, 1).await;
    assert_eq!(violations, [Violation::DoubledEffect(effect(event), 2)]);
}

#[tokio::test]
async fn effect_in_one_commit_with_inbox_exists_once() {
    for after in 0..=RIGHT.len() {
        let (violations, _) = crash(RIGHT, after).await;
        assert_eq!(violations, [], "crash after {after} steps");
    }
}

#[tokio::test]
async fn real_consumer_has_one_effect_per_redelivered_event() {
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
    assert_eq!(check_effects(&database, id).await, []);
}
