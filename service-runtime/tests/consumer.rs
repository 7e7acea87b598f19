//! The consumer loop on a real database and a real broker: each effect once, in order, whatever comes in.

mod support;

use prost::Message as _;
use rdkafka::{Message, message::Headers, mocking::MockCluster};
use service_runtime::{
    clock::Clock,
    ids::Ids,
    kafka::record_headers,
    testing::{TestService, TestTopics, eventually},
};
use support::{
    KIND, Probe, RELEASE, effects, event, execute, parked, publish, publish_as, versions_of,
    wait_for, wait_for_dead_letters,
};
use taskmesh_proto::topics::TASK_REMINDERS;
use uuid::Uuid;

#[tokio::test]
async fn event_delivered_three_times_has_one_effect() {
    let service = TestService::<Probe>::start(&[]).await;
    let id = Ids.uuid_v7();
    for _ in 0..3 {
        publish_as(&service, id, "ok", "a", 1).await;
    }
    let last = publish(&service, "ok", "a", 2).await;

    let seen: Vec<Uuid> = wait_for(&service, 2)
        .await
        .iter()
        .map(|effect| effect.event_id)
        .collect();
    assert_eq!(seen, [id, last]);
}

#[tokio::test]
async fn events_of_a_key_stay_in_order_when_some_are_retried() {
    let service = TestService::<Probe>::start(&[]).await;
    let behaviours = ["ok", "retry", "ok", "panic", "unavailable", "ok"];
    for (version, behaviour) in (1..).zip(behaviours) {
        publish(&service, behaviour, "a", version).await;
    }

    let versions: Vec<i64> = wait_for(&service, 6)
        .await
        .iter()
        .map(|effect| effect.version)
        .collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn rejected_event_is_an_unchanged_dead_letter() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let rejected = publish(&service, "reject", "a", 1).await;
    let handled = publish(&service, "ok", "a", 2).await;

    let effects = wait_for(&service, 1).await;
    assert_eq!(effects.len(), 1);
    assert_eq!(effects[0].event_id, handled);
    let letters = wait_for_dead_letters(&service).await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.key(), Some("a".as_bytes()));
    assert_eq!(
        letter.payload(),
        Some(event("reject", "a", 1).encode_to_vec().as_slice())
    );
    let headers = letter.headers().unwrap();
    assert_eq!(header(headers, "ce_id"), rejected.to_string());
    assert_eq!(header(headers, "taskmesh-dlt-reason"), "the probe says no");
    assert_eq!(header(headers, "taskmesh-dlt-attempts"), "1");
}

#[tokio::test]
async fn record_that_is_no_event_is_a_dead_letter_with_a_reason() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let id = Ids.uuid_v7().to_string();
    let (id, kind) = (("ce_id", id.as_str()), ("ce_type", KIND));
    let schema = ("ce_dataschema", "taskmesh.task.v1.TaskEvent");
    let framed = b"\0\0\0\0\x07\0\x0a\x01a".to_vec();
    let truncated = b"\x0a\x24018f".to_vec();
    // As large as the topic accepts: with the reason, the dead letter is larger.
    let large = noise(1_048_200);
    /// Headers, payload, and beginning of the reason.
    type Case<'a> = (&'a [(&'a str, &'a str)], Vec<u8>, &'a str);
    let cases: [Case<'_>; 10] = [
        (&[kind], b"x".to_vec(), "header ce_id must be present once"),
        (
            &[("ce_id", "7"), kind],
            b"x".to_vec(),
            "header ce_id has an invalid value",
        ),
        (&[id], b"x".to_vec(), "header ce_type must be present once"),
        (
            &[id, id, kind],
            b"x".to_vec(),
            "header ce_id must be present once",
        ),
        (
            &[id, kind, schema],
            b"".to_vec(),
            "header ce_dataschema names another message than taskmesh.notification.v1.ReminderEvent",
        ),
        (&[id, kind], Vec::new(), "the value is empty"),
        (&[id, kind], truncated, "the value does not decode"),
        (
            &[id, kind],
            framed,
            "the value is framed, with schema 7, and this topic's values are raw",
        ),
        (&[id, kind], large, "the value does not decode"),
        (
            &[id, kind],
            b"\xff\xff".to_vec(),
            "the value does not decode",
        ),
    ];
    for (headers, payload, _) in &cases {
        service
            .topics()
            .publish_raw(
                &TASK_REMINDERS,
                "a",
                record_headers(headers),
                payload.clone(),
            )
            .await;
    }
    publish(&service, "ok", "a", 1).await;

    wait_for(&service, 1).await;
    let letters = wait_for_dead_letters(&service).await;
    let reasons: Vec<String> = letters
        .iter()
        .map(|letter| header(letter.headers().unwrap(), "taskmesh-dlt-reason"))
        .collect();
    assert_eq!(reasons.len(), cases.len());
    for (reason, (_, _, expected)) in reasons.iter().zip(&cases) {
        assert!(
            reason.starts_with(expected),
            "{reason} instead of {expected}"
        );
    }
    for (letter, (_, payload, _)) in letters.iter().zip(&cases) {
        assert!(letter.payload().unwrap_or_default() == payload.as_slice());
    }
}

/// Returns bytes that are no message and cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let next = |state: &mut u32, ()| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [first, ..] = state.to_be_bytes();
        Some(first | 7)
    };
    std::iter::repeat(()).scan(1, next).take(length).collect()
}

#[tokio::test]
async fn restarted_service_continues_at_its_offset() {
    let mut service = TestService::<Probe>::start(&[]).await;
    for version in 1..=5 {
        publish(&service, "ok", "a", version).await;
    }
    wait_for(&service, 5).await;
    service.halt().await;
    for version in 6..=10 {
        publish(&service, "ok", "a", version).await;
    }
    service.restart().await;

    let versions: Vec<i64> = wait_for(&service, 10)
        .await
        .iter()
        .map(|effect| effect.version)
        .collect();
    assert_eq!(versions, (1..=10).collect::<Vec<i64>>());
}

#[tokio::test]
async fn many_events_all_have_their_effects() {
    let service = TestService::<Probe>::start(&[]).await;
    let ids: Vec<Uuid> = (0..400).map(|_| Ids.uuid_v7()).collect();
    let service_ref = &service;
    let publishing = ids.iter().zip(["a", "b"].into_iter().cycle());
    let publishing = publishing.map(|(id, key)| publish_as(service_ref, *id, "ok", key, 1));
    futures::future::join_all(publishing).await;

    let mut seen: Vec<Uuid> = wait_for(&service, 400)
        .await
        .iter()
        .map(|effect| effect.event_id)
        .collect();
    seen.sort();
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn retried_key_does_not_block_other_keys() {
    let service = TestService::<Probe>::start(&[]).await;
    publish(&service, "hold", "held", 1).await;
    publish(&service, "ok", "held", 2).await;
    for key in 0..20 {
        publish(&service, "ok", &format!("key {key}"), 1).await;
    }
    let others = wait_for(&service, 20).await;
    assert!(others.iter().all(|effect| effect.record_key != "held"));

    publish(&service, "ok", RELEASE, 1).await;
    assert_eq!(versions_of("held", &wait_for(&service, 23).await), [1, 2]);
}

#[tokio::test]
async fn parked_records_stay_in_order_over_a_restart() {
    let mut service = TestService::<Probe>::start(&[]).await;
    for version in 1..=5 {
        let behaviour = if version == 1 { "hold" } else { "ok" };
        publish(&service, behaviour, "held", version).await;
    }
    let database = service.database();
    eventually("five records wait", async || {
        (parked(&database).await == 5).then_some(())
    })
    .await;
    service.halt().await;
    service.restart().await;
    publish(&service, "ok", "held", 6).await;
    publish(&service, "ok", RELEASE, 1).await;

    let effects = wait_for(&service, 7).await;
    assert_eq!(versions_of("held", &effects), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn unavailable_dependency_uses_up_no_tries() {
    let service = TestService::<Probe>::start(&[]).await;
    let park_nothing = "ALTER TABLE parked_records ADD CHECK (false)";
    execute(&service.database(), park_nothing).await;
    let id = publish(&service, "unavailable", "a", 1).await;
    assert_eq!(wait_for(&service, 1).await[0].event_id, id);
}

#[tokio::test]
async fn one_bad_event_does_not_affect_others() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    service.halt().await;
    for number in 0..120 {
        let behaviour = match number {
            50 => "reject",
            80 => "panic",
            _ => "ok",
        };
        publish(&service, behaviour, &format!("key {}", number % 10), number).await;
    }
    service.restart().await;

    let effects = wait_for(&service, 119).await;
    for key in 0..10 {
        let versions = versions_of(&format!("key {key}"), &effects);
        let expected: Vec<i64> = (0..120)
            .filter(|number| number % 10 == key && *number != 50)
            .collect();
        assert_eq!(versions, expected, "of key {key}");
    }
}

#[tokio::test]
async fn event_with_id_of_another_is_a_dead_letter() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let id = publish(&service, "ok", "a", 1).await;
    publish_as(&service, id, "ok", "a", 2).await;
    publish_as(&service, id, "ok", "a", 1).await;
    publish(&service, "ok", "a", 3).await;

    assert_eq!(versions_of("a", &wait_for(&service, 2).await), [1, 3]);
    let letters = wait_for_dead_letters(&service).await;
    let reasons: Vec<String> = letters
        .iter()
        .map(|letter| header(letter.headers().unwrap(), "taskmesh-dlt-reason"))
        .collect();
    assert_eq!(reasons, ["another event with this id was handled before"]);
}

#[tokio::test]
async fn partition_with_lost_records_stops_until_configured_to_skip() {
    // librdkafka's own broker, because the embedded one does not tell that an offset is out of range.
    let cluster = MockCluster::new(1).unwrap();
    let topics = TestTopics::on_mock(&cluster);
    topics
        .commit_offset(&TASK_REMINDERS, "task-service", 1_000)
        .await;
    let mut service = TestService::<Probe>::start_on(topics, &[], Clock::system()).await;
    publish(&service, "ok", "a", 1).await;
    let address = service.running().admin_address();
    eventually("the partition is known to stand still", async || {
        let metrics = reqwest::get(format!("http://{address}/metrics"))
            .await
            .ok()?;
        let text = metrics.text().await.ok()?;
        text.contains("consumer_partitions_stopped_total{topic=\"task-reminders\"}")
            .then_some(())
    })
    .await;
    assert_eq!(effects(&service.database()).await, []);

    service.halt().await;
    service.set("KAFKA__SKIP_LOST_RECORDS", "true");
    service.restart().await;
    assert_eq!(versions_of("a", &wait_for(&service, 1).await), [1]);
}

fn header(headers: &impl Headers, name: &str) -> String {
    let header = headers
        .iter()
        .find(|header| header.key == name)
        .expect(name);
    String::from_utf8(header.value.unwrap().to_vec()).unwrap()
}
