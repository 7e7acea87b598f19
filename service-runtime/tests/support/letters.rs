//! Events that become dead letters, and the letters.

use service_runtime::{
    dead_letters::{Choice, DeadLetter, DeadLetterOffice, Filter},
    ids::Ids,
    testing::{TestService, eventually},
};
use taskmesh_proto::topics::TASK_REMINDERS;
use uuid::Uuid;

use super::{Probe, event, wait_for};

pub const SENT: &str = super::KIND;
pub const FAILED: &str = "taskmesh.notification.v1.ReminderFailed";

pub async fn started() -> (TestService<Probe>, DeadLetterOffice) {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let office = DeadLetterOffice::of_mesh(service.topics().config().clone());
    (service, office)
}

pub async fn publish(service: &TestService<Probe>, kind: &str, behaviour: &str, key: &str) -> Uuid {
    let id = Ids.uuid_v7();
    let event = event(behaviour, key, 1);
    service
        .publish(&TASK_REMINDERS, key, id, kind, &event)
        .await;
    id
}

pub fn all() -> Choice {
    Choice::Matching(Filter::default())
}

pub fn of_key(key: &str) -> Choice {
    Choice::Matching(Filter {
        key: Some(key.to_owned()),
        ..Filter::default()
    })
}

pub async fn letters(office: &DeadLetterOffice, choice: Choice) -> Vec<DeadLetter> {
    let mut letters = office.letters(choice, None).unwrap();
    let mut read = Vec::new();
    while let Some(letter) = letters.next().await.unwrap() {
        read.push(letter);
    }
    read
}

pub async fn wait_for_letters(office: &DeadLetterOffice, count: usize) -> Vec<DeadLetter> {
    eventually(&format!("{count} dead letters"), async || {
        Some(letters(office, all()).await).filter(|letters| letters.len() >= count)
    })
    .await
}

pub async fn wait_for_effects(service: &TestService<Probe>, count: usize) -> Vec<String> {
    let effects = wait_for(service, count).await;
    effects
        .into_iter()
        .map(|effect| effect.record_key)
        .collect()
}
