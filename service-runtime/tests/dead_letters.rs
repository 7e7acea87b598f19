//! Dead letters on a real database and a real broker: list, show, redrive, purge.

mod support;

use std::num::NonZeroU32;

use service_runtime::{
    dead_letters::{
        Choice, Content, DeadLetter, DeadLetterError, DeadLetterOffice, Filter, LetterName,
        Progress,
    },
    ids::Ids,
    kafka::record_headers,
    testing::TestService,
};
use support::{
    Probe, RELEASE,
    letters::{
        FAILED, SENT, all, letters, of_key, publish, started, wait_for_effects, wait_for_letters,
    },
};
use taskmesh_proto::topics::TASK_REMINDERS;

async fn redrive(office: &DeadLetterOffice, choice: Choice, is_dry_run: bool) -> Progress {
    let rate = NonZeroU32::new(1_000).unwrap();
    let mut redrive = office.redrive(choice, rate, is_dry_run).unwrap();
    let mut result = None;
    while let Some(progress) = redrive.next().await.unwrap() {
        result = Some(progress);
    }
    result.expect("a redrive tells its result")
}

fn keys(letters: &[DeadLetter]) -> Vec<String> {
    let mut keys: Vec<String> = letters
        .iter()
        .map(|letter| String::from_utf8(letter.key().to_vec()).unwrap())
        .collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn rejected_event_is_listed_and_shown() {
    let (service, office) = started().await;
    let id = publish(&service, SENT, "reject", "a").await;

    let listed = wait_for_letters(&office, 1).await;
    let letter = &listed[0];
    assert_eq!(letter.key(), b"a");
    assert_eq!(letter.event_type(), Some(SENT));
    assert_eq!(letter.event_id(), Some(id.to_string().as_str()));
    assert_eq!(letter.reason(), "the probe says no");
    assert_eq!(letter.attempts(), Some(1));
    assert_eq!(letter.redrive_count(), 0);
    assert!(letter.record_time().is_some());
    let topic = "task-reminders.task-service.dlt";
    assert_eq!(letter.name().topic, topic);

    let shown = office
        .find(letter.name().to_string().parse().unwrap())
        .await
        .unwrap();
    let Content::Event {
        message,
        schema_id: None,
        json,
        unknown_fields,
    } = shown.content()
    else {
        panic!("it decodes");
    };
    assert_eq!(message, TASK_REMINDERS.message);
    assert_eq!(json["user_id"], "reject");
    assert!(unknown_fields.is_empty());
    let counts = office.counts(&all()).await.unwrap();
    for count in counts {
        let expected = i64::from(count.topic.name == topic);
        assert_eq!(count.count, Some(expected), "{}", count.topic.name);
    }
}

#[tokio::test]
async fn undecodable_value_is_shown_with_its_error() {
    let (service, office) = started().await;
    let id = Ids.uuid_v7().to_string();
    let headers = record_headers(&[("ce_id", &id), ("ce_type", SENT)]);
    service
        .topics()
        .publish_raw(&TASK_REMINDERS, "a", headers, b"\xff\xff".to_vec())
        .await;

    let listed = wait_for_letters(&office, 1).await;
    assert_eq!(listed[0].value(), b"\xff\xff");
    let Content::Undecodable { message, error } = listed[0].content() else {
        panic!("it does not decode");
    };
    assert_eq!(message, TASK_REMINDERS.message);
    assert!(listed[0].reason().contains(&error), "{error}");
}

#[tokio::test]
async fn redriven_event_has_one_effect() {
    let (service, office) = started().await;
    let id = publish(&service, SENT, "refuse", "a").await;
    wait_for_letters(&office, 1).await;
    publish(&service, SENT, "ok", RELEASE).await;
    wait_for_effects(&service, 1).await;

    for _ in 0..2 {
        let result = redrive(&office, all(), false).await;
        assert_eq!(result, Progress { chosen: 1, sent: 1 });
    }
    // In the partition of the letter, so it is handled after both.
    publish(&service, SENT, "ok", "a").await;
    assert_eq!(wait_for_effects(&service, 3).await, [RELEASE, "a", "a"]);
    assert_eq!(letters(&office, all()).await.len(), 1);

    let source: Vec<_> = service
        .topics()
        .events::<taskmesh_proto::notification::v1::ReminderEvent>(&TASK_REMINDERS)
        .await
        .into_iter()
        .filter(|record| record.id == id)
        .collect();
    let [original, first, second] = source.as_slice() else {
        panic!("the event and two copies, not {}", source.len());
    };
    for copy in [first, second] {
        let (count, own) = copy.headers.split_last().unwrap();
        assert_eq!(*count, ("taskmesh-redrive-count".into(), "1".into()));
        assert_eq!(own, original.headers);
        assert_eq!(
            (&copy.key, &copy.message),
            (&original.key, &original.message)
        );
    }
}

#[tokio::test]
async fn filter_selects_by_each_field() {
    let (service, office) = started().await;
    publish(&service, SENT, "reject", "a").await;
    let second = publish(&service, FAILED, "refuse", "b").await;
    publish(&service, FAILED, "reject", "c").await;
    let found = wait_for_letters(&office, 3).await;
    let now = found[2].record_time().unwrap();
    let later = Some(now + chrono::TimeDelta::hours(1));
    let filter = |set: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        set(&mut filter);
        filter
    };
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (filter(&|f| f.key = text("a")), &["a"][..]),
        (
            filter(&|f| f.event_type = text("ReminderFailed")),
            &["b", "c"],
        ),
        (filter(&|f| f.event_type = text(SENT)), &["a"]),
        (filter(&|f| f.event_id = text(&second.to_string())), &["b"]),
        (filter(&|f| f.reason = text("PROBE")), &["a", "c"]),
        (
            filter(&|f| f.topic = text("task-reminders")),
            &["a", "b", "c"],
        ),
        (filter(&|f| f.topic = text("task-events")), &[]),
        (
            filter(&|f| f.group = text("task-service")),
            &["a", "b", "c"],
        ),
        (filter(&|f| f.since = later), &[]),
        (filter(&|f| f.until = later), &["a", "b", "c"]),
        (
            filter(&|f| {
                f.reason = text("release");
                f.event_type = text("ReminderSent");
            }),
            &[],
        ),
    ];
    for (filter, expected) in cases {
        let label = format!("{filter:?}");
        let found = letters(&office, Choice::Matching(filter)).await;
        assert_eq!(keys(&found), expected, "{label}");
    }
    let unknown = filter(&|f| f.topic = text("tasks"));
    let unknown = office.letters(Choice::Matching(unknown), None);
    let error = unknown.err().expect("there is no such topic").to_string();
    assert!(
        error.contains("task-events, task-recurrence, task-reminders"),
        "{error}"
    );
}

#[tokio::test]
async fn dry_run_changes_nothing() {
    let (service, office) = started().await;
    publish(&service, SENT, "reject", "a").await;
    publish(&service, SENT, "reject", "b").await;
    wait_for_letters(&office, 2).await;
    let before = service.topics().config().clone();
    let source = || source_records(&service);

    assert_eq!(
        redrive(&office, of_key("a"), true).await,
        Progress { chosen: 1, sent: 0 }
    );
    let purged = office.purge(all(), true).await.unwrap();
    assert_eq!((purged.deleted, purged.kept), (2, 0));
    assert_eq!(source().await, 2);
    let still = letters(&DeadLetterOffice::of_mesh(before), all()).await;
    assert_eq!(keys(&still), ["a", "b"]);
}

async fn source_records(service: &TestService<Probe>) -> usize {
    service
        .topics()
        .events::<taskmesh_proto::notification::v1::ReminderEvent>(&TASK_REMINDERS)
        .await
        .len()
}

#[tokio::test]
async fn missing_name_is_reported_before_any_redrive() {
    let (service, office) = started().await;
    publish(&service, SENT, "reject", "a").await;
    let there = wait_for_letters(&office, 1).await[0].name().clone();
    let missing = LetterName {
        offset: 1_000,
        ..there.clone()
    };
    let rate = NonZeroU32::new(100).unwrap();
    let mut redrive = office
        .redrive(Choice::Names([there, missing.clone()].into()), rate, false)
        .unwrap();
    let error = redrive.next().await.unwrap_err();
    assert!(
        matches!(&error, DeadLetterError::NotThere(name) if *name == missing),
        "{error}"
    );
    assert_eq!(source_records(&service).await, 1);
    assert!(office.find(missing).await.is_err());
}

#[tokio::test]
async fn purge_deletes_up_to_the_first_unselected_record() {
    let (service, office) = started().await;
    for (kind, behaviour) in [
        (SENT, "reject"),
        (SENT, "reject"),
        (FAILED, "reject"),
        (SENT, "reject"),
    ] {
        publish(&service, kind, behaviour, "a").await;
    }
    let listed = wait_for_letters(&office, 4).await;
    let sent = Choice::Matching(Filter {
        event_type: Some("ReminderSent".to_owned()),
        ..Filter::default()
    });

    let purged = office.purge(sent.clone(), false).await.unwrap();
    assert_eq!((purged.deleted, purged.kept), (2, 1));
    let left: Vec<_> = letters(&office, all())
        .await
        .iter()
        .map(|letter| letter.name().clone())
        .collect();
    assert_eq!(left, [listed[2].name().clone(), listed[3].name().clone()]);
    let gone = office.find(listed[0].name().clone()).await.unwrap_err();
    assert!(matches!(gone, DeadLetterError::NotThere(_)), "{gone}");

    let purged = office.purge(all(), false).await.unwrap();
    assert_eq!((purged.deleted, purged.kept), (2, 0));
    assert!(letters(&office, all()).await.is_empty());
    let counts = office.counts(&all()).await.unwrap();
    assert!(
        counts.iter().all(|count| count.count == Some(0)),
        "{counts:?}"
    );

    publish(&service, SENT, "reject", "b").await;
    assert_eq!(keys(&wait_for_letters(&office, 1).await), ["b"]);
}

#[tokio::test]
async fn unavailable_broker_is_named() {
    let (service, _) = started().await;
    let mut config = service.topics().config().clone();
    config.bootstrap_servers = "127.0.0.1:1".to_owned();
    let office = DeadLetterOffice::of_mesh(config);
    let error = office.counts(&all()).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}
