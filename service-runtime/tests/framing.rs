//! Values in the frame of a schema registry, from the outbox through a real broker to the consumer and the dead letters.

mod support;

use diesel_async::AsyncPgConnection;
use prost::Message as _;
use rdkafka::Message;
use service_runtime::{
    clock::Clock,
    dead_letters::{Choice, Content, DeadLetterOffice, Filter},
    ids::Ids,
    kafka::{
        KafkaConfig, SchemaRegistry,
        framing::{frame, unframe},
        record_headers, subjects,
    },
    postgres::DatabaseError,
    testing::{FakeRegistry, TestService, TestTopics, eventually},
};
use support::{KIND as SENT, Probe, changes::append, event, versions_of, wait_for};
use taskmesh_proto::topics::{TASK_REMINDERS, Topic};

/// What the probe relays and consumes.
const TOPIC: &Topic = &TASK_REMINDERS;

async fn framed(registry: &FakeRegistry) -> TestService<Probe> {
    let topics = TestTopics::create_with(&[
        ("KAFKA__SCHEMA_REGISTRY_URL", registry.url()),
        ("KAFKA__FRAMED_TOPICS", TOPIC.name),
    ])
    .await;
    TestService::<Probe>::start_on(topics, &[], Clock::system()).await
}

async fn register(kafka: &KafkaConfig) {
    let mut registry = SchemaRegistry::new(kafka).unwrap().unwrap();
    for subject in subjects(kafka) {
        registry.register(&subject).await.unwrap();
    }
}

/// Returns the id that the schema of the topic has.
async fn schema_id(kafka: &KafkaConfig) -> u32 {
    let registry = SchemaRegistry::new(kafka).unwrap().unwrap();
    let subject = format!("{}-value", kafka.topic_name(TOPIC.name));
    registry.latest(&subject).await.unwrap().unwrap().id
}

async fn commit(service: &TestService<Probe>, version: i64) {
    let append = async |tx: &mut AsyncPgConnection| append(tx, TOPIC, SENT, "a", version).await;
    let database = service.database();
    let committed: Result<(), DatabaseError> = database.transaction("commit", append).await;
    committed.unwrap();
}

async fn publish(service: &TestService<Probe>, value: Vec<u8>) {
    let id = Ids.uuid_v7().to_string();
    let headers = record_headers(&[("ce_id", &id), ("ce_type", SENT)]);
    let topics = service.topics();
    topics.publish_raw(TOPIC, "a", headers, value).await;
}

async fn wait_for_versions(service: &TestService<Probe>, expected: &[i64]) {
    let effects = wait_for(service, expected.len()).await;
    assert_eq!(versions_of("a", &effects), expected);
}

/// Waits for one dead letter and checks that it is this value, as it was.
async fn wait_for_letter(service: &TestService<Probe>, value: &[u8], reason: &str) -> Content {
    let office = DeadLetterOffice::of_mesh(service.topics().config().clone());
    let letter = eventually("the dead letter is there", async || {
        let choice = Choice::Matching(Filter::default());
        let mut letters = office.letters(choice, None).unwrap();
        letters.next().await.unwrap()
    })
    .await;
    assert_eq!(letter.value(), value);
    assert_eq!(letter.reason(), reason);
    letter.content()
}

#[tokio::test]
async fn events_of_a_framed_topic_have_the_frame_of_its_schema() {
    let registry = FakeRegistry::start().await;
    let service = framed(&registry).await;
    let kafka = service.topics().config();
    register(kafka).await;
    for version in 1..=3 {
        commit(&service, version).await;
    }
    wait_for_versions(&service, &[1, 2, 3]).await;

    let values = service.topics().values(TOPIC).await;
    let id = schema_id(kafka).await;
    let expected =
        (1..=3).map(|version| frame(id, &[0], &event("ok", "a", version).encode_to_vec()));
    assert_eq!(values, expected.collect::<Vec<_>>());

    let requests = registry.requests();
    commit(&service, 4).await;
    wait_for_versions(&service, &[1, 2, 3, 4]).await;
    assert_eq!(
        registry.requests(),
        requests,
        "the schema is requested once"
    );
}

#[tokio::test]
async fn events_wait_in_order_while_registry_is_unavailable() {
    let registry = FakeRegistry::start().await;
    registry.set_unavailable(true);
    let service = framed(&registry).await;
    for version in 1..=5 {
        commit(&service, version).await;
    }
    eventually("the registry got several requests", async || {
        (registry.requests() >= 3).then_some(())
    })
    .await;
    assert!(service.topics().values(TOPIC).await.is_empty());

    // Available again, without any schema.
    registry.set_unavailable(false);
    let requests = registry.requests();
    eventually("the registry got further requests", async || {
        (registry.requests() > requests + 2).then_some(())
    })
    .await;
    assert!(service.topics().values(TOPIC).await.is_empty());

    register(service.topics().config()).await;
    wait_for_versions(&service, &[1, 2, 3, 4, 5]).await;
    service.relayed().await;
    let values = service.topics().values(TOPIC).await;
    assert_eq!(values.len(), 5);
    assert!(values.iter().all(|value| unframe(value).is_some()));
}

#[tokio::test]
async fn raw_value_on_framed_topic_is_a_dead_letter() {
    let registry = FakeRegistry::start().await;
    let mut service = framed(&registry).await;
    service.expect_dead_letters();
    let value = event("ok", "a", 1).encode_to_vec();
    publish(&service, value.clone()).await;
    let reason = "the value is raw, and this topic's values are framed";
    let content = wait_for_letter(&service, &value, reason).await;
    assert!(
        matches!(content, Content::Event { schema_id: None, json, .. } if json["user_id"] == "ok")
    );

    publish(
        &service,
        frame(1, &[0], &event("ok", "a", 2).encode_to_vec()),
    )
    .await;
    wait_for_versions(&service, &[2]).await;
}

#[tokio::test]
async fn refused_framed_event_is_a_framed_dead_letter() {
    let registry = FakeRegistry::start().await;
    let mut service = framed(&registry).await;
    service.expect_dead_letters();
    let value = frame(9, &[0], &event("reject", "a", 1).encode_to_vec());
    publish(&service, value.clone()).await;
    let content = wait_for_letter(&service, &value, "the probe says no").await;
    assert!(matches!(
        content,
        Content::Event {
            schema_id: Some(9),
            ..
        }
    ));
    let letters = service.topics().dead_letters(TOPIC, "task-service").await;
    assert_eq!(letters[0].payload(), Some(value.as_slice()));
}
