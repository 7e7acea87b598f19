//! Dead letters on a real database and a real broker: found, understood, sent back, deleted.

mod support;

use std::num::NonZeroU32;

use service_runtime::{
    dead_letters::{
        Choice, Content, DeadLetter, DeadLetterError, DeadLetterOffice, Filter, LetterName,
        Progress, Purged,
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
async fn a_rejected_event_is_listed_with_its_reason_and_shown_with_what_it_holds() {
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
async fn a_letter_that_is_no_event_is_shown_with_the_error() {
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
async fn a_letter_that_is_sent_back_once_the_cause_is_gone_has_its_effect_and_never_a_second_one() {
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
async fn a_letter_that_comes_back_tells_how_often_it_was_sent() {
    let (service, office) = started().await;
    publish(&service, SENT, "reject", "a").await;
    let name = wait_for_letters(&office, 1).await[0].name().clone();
    redrive(&office, Choice::Names([name].into()), false).await;

    let again = wait_for_letters(&office, 2).await.pop().unwrap();
    assert_eq!(again.redrive_count(), 1);
    redrive(&office, Choice::Names([again.name().clone()].into()), false).await;
    let again = wait_for_letters(&office, 3).await.pop().unwrap();
    assert_eq!(again.redrive_count(), 2);
    let reasons = again
        .headers()
        .iter()
        .filter(|(key, _)| *key == "taskmesh-dlt-reason")
        .count();
    assert_eq!(reasons, 1);
}

#[tokio::test]
async fn letters_are_found_by_what_they_are() {
    let (service, office) = started().await;
    publish(&service, SENT, "reject", "a").await;
    let second = publish(&service, FAILED, "refuse", "b").await;
    publish(&service, FAILED, "reject", "c").await;
    let found = wait_for_letters(&office, 3).await;
    let now = found[2].record_time().unwrap();
    let later = Some(now + chrono::TimeDelta::hours(1));
    let text = |text: &str| Some(text.to_owned());
    let none = Filter::default;
    let cases = [
        (
            Filter {
                key: text("a"),
                ..none()
            },
            vec!["a"],
        ),
        (
            Filter {
                event_type: text("ReminderFailed"),
                ..none()
            },
            vec!["b", "c"],
        ),
        (
            Filter {
                event_type: text(SENT),
                ..none()
            },
            vec!["a"],
        ),
        (
            Filter {
                event_id: text(&second.to_string()),
                ..none()
            },
            vec!["b"],
        ),
        (
            Filter {
                reason: text("PROBE"),
                ..none()
            },
            vec!["a", "c"],
        ),
        (
            Filter {
                topic: text("task-reminders"),
                ..none()
            },
            vec!["a", "b", "c"],
        ),
        (
            Filter {
                topic: text("task-events"),
                ..none()
            },
            vec![],
        ),
        (
            Filter {
                group: text("task-service"),
                ..none()
            },
            vec!["a", "b", "c"],
        ),
        (
            Filter {
                since: later,
                ..none()
            },
            vec![],
        ),
        (
            Filter {
                until: later,
                ..none()
            },
            vec!["a", "b", "c"],
        ),
        (
            Filter {
                reason: text("release"),
                event_type: text("ReminderSent"),
                ..none()
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let label = format!("{filter:?}");
        assert_eq!(
            keys(&letters(&office, Choice::Matching(filter)).await),
            expected,
            "{label}"
        );
    }
    let unknown = office.letters(
        Choice::Matching(Filter {
            topic: text("tasks"),
            ..none()
        }),
        None,
    );
    let error = unknown.err().expect("there is no such topic").to_string();
    assert!(
        error.contains("task-events, task-recurrence, task-reminders"),
        "{error}"
    );
}

#[tokio::test]
async fn reading_goes_on_from_a_letter() {
    let (service, office) = started().await;
    for key in ["a", "b", "c", "d"] {
        publish(&service, SENT, "reject", key).await;
    }
    let listed = wait_for_letters(&office, 4).await;
    for (place, letter) in listed.iter().enumerate() {
        let mut rest = office.letters(all(), Some(letter.name().clone())).unwrap();
        for expected in &listed[place..] {
            let next = rest.next().await.unwrap().unwrap();
            assert_eq!(next.name(), expected.name());
        }
        assert!(rest.next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_dry_run_counts_and_changes_nothing() {
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
    assert_eq!(
        purged,
        Purged {
            deleted: 2,
            kept: 0
        }
    );
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
async fn a_letter_that_is_not_there_is_told_before_anything_is_sent() {
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
async fn letters_are_deleted_from_the_beginning_of_a_partition_up_to_one_that_was_not_chosen() {
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
    assert_eq!(
        purged,
        Purged {
            deleted: 2,
            kept: 1
        }
    );
    let left: Vec<_> = letters(&office, all())
        .await
        .iter()
        .map(|letter| letter.name().clone())
        .collect();
    assert_eq!(left, [listed[2].name().clone(), listed[3].name().clone()]);
    let gone = office.find(listed[0].name().clone()).await.unwrap_err();
    assert!(matches!(gone, DeadLetterError::NotThere(_)), "{gone}");

    assert_eq!(
        office.purge(all(), false).await.unwrap(),
        Purged {
            deleted: 2,
            kept: 0
        }
    );
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
async fn a_broker_that_does_not_answer_is_named() {
    let (service, _) = started().await;
    let mut config = service.topics().config().clone();
    config.bootstrap_servers = "127.0.0.1:1".to_owned();
    let office = DeadLetterOffice::of_mesh(config);
    let error = office.counts(&all()).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}
