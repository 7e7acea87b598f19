//! A handler that does at once what a batch of events means: it gets what is new, in its order, and one bad event costs the others nothing.

mod support;

use std::collections::HashSet;

use service_runtime::testing::{TestService, eventually};
use support::{BATCHES, BatchProbe, RELEASE, parked, publish_as};
use uuid::Uuid;

/// Of the records that a partition's new worker gets, so many at most are counted before they are handled.
const ON_PROBATION: usize = 200;

async fn publish(service: &TestService<BatchProbe>, behaviour: &str, key: &str) -> Uuid {
    support::publish(service, behaviour, key, 1).await
}

async fn wait_for(service: &TestService<BatchProbe>, count: usize) -> Vec<Uuid> {
    let effects = support::wait_for(service, count).await;
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
async fn batch_handler_gets_new_events_in_order() {
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
            publish_as(&service, before[number / 4 % before.len()], "ok", "a", 1).await;
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
async fn failed_event_does_not_block_rest_of_batch() {
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
