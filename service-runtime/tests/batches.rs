//! A handler that does at once what a batch of events means: it gets what is new, in its order, and one bad event costs the others nothing.

mod support;

use std::collections::HashSet;

use service_runtime::{
    ids::Ids,
    testing::{TestService, eventually},
};
use support::{BATCHES, BatchProbe, Effect, RELEASE, effects, event, parked};
use taskmesh_proto::topics::TASK_REMINDERS;
use uuid::Uuid;

const KIND: &str = "taskmesh.notification.v1.ReminderSent";
/// Of the records that a partition's new worker gets, so many at most are counted before they are handled.
const ON_PROBATION: usize = 200;

async fn publish_as(service: &TestService<BatchProbe>, id: Uuid, behaviour: &str, key: &str) {
    let message = event(behaviour, key, 1);
    service
        .publish(&TASK_REMINDERS, key, id, KIND, &message)
        .await;
}

async fn publish(service: &TestService<BatchProbe>, behaviour: &str, key: &str) -> Uuid {
    let id = Ids.uuid_v7();
    publish_as(service, id, behaviour, key).await;
    id
}

async fn wait_for(service: &TestService<BatchProbe>, count: usize) -> Vec<Uuid> {
    let database = service.database();
    let effects: Vec<Effect> = eventually(&format!("{count} effects"), async || {
        Some(effects(&database).await).filter(|effects| effects.len() >= count)
    })
    .await;
    effects.iter().map(|effect| effect.event_id).collect()
}

/// Returns what the handler was handed with any of these events.
fn batches_with(ids: &[Uuid]) -> Vec<Vec<Uuid>> {
    let ids: HashSet<&Uuid> = ids.iter().collect();
    let mut batches = BATCHES.lock().unwrap().clone();
    batches.retain(|batch| batch.iter().any(|id| ids.contains(id)));
    batches
}

#[tokio::test]
async fn a_handler_of_batches_gets_the_new_events_in_their_order_and_none_that_was_handled_before()
{
    let mut service = TestService::<BatchProbe>::start(&[]).await;
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(publish(&service, "ok", "a").await);
    }
    wait_for(&service, 40).await;
    service.halt().await;
    let before = ids.clone();
    for number in 0..ON_PROBATION + 60 {
        if number % 4 == 0 {
            publish_as(&service, before[number / 4 % before.len()], "ok", "a").await;
        }
        ids.push(publish(&service, "ok", "a").await);
    }
    service.restart().await;

    assert_eq!(wait_for(&service, ids.len()).await, ids);
    let batches = batches_with(&ids);
    assert!(batches.iter().any(|batch| batch.len() > 10), "{batches:?}");
    assert_eq!(batches.concat(), ids);
}

#[tokio::test]
async fn of_a_batch_with_one_event_that_fails_all_others_have_their_effects_and_that_one_waits() {
    let mut service = TestService::<BatchProbe>::start(&[]).await;
    service.halt().await;
    let mut others = HashSet::new();
    let mut held = Uuid::nil();
    // More than each partition's worker counts.
    for number in 0..3 * ON_PROBATION + 150 {
        let key = format!("key {number}");
        if number == 3 * ON_PROBATION + 120 {
            held = publish(&service, "hold", &key).await;
        } else {
            others.insert(publish(&service, "ok", &key).await);
        }
    }
    service.restart().await;

    let seen = wait_for(&service, others.len()).await;
    assert_eq!(seen.len(), others.len());
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), others);
    let database = service.database();
    eventually("one record waits", async || {
        (parked(&database).await == 1).then_some(())
    })
    .await;
    let batches = batches_with(&[held]);
    assert!(batches[0].len() > 1, "{batches:?}");

    let release = publish(&service, "ok", RELEASE).await;
    let seen = wait_for(&service, others.len() + 2).await;
    assert_eq!(seen.len(), others.len() + 2);
    assert!(seen.contains(&held) && seen.contains(&release));
}
