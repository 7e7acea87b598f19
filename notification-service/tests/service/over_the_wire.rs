use chrono::{DateTime, TimeDelta, Utc};
use prost_types::Timestamp;
use service_runtime::{
    clock::{Clock, timestamp},
    grpc::FieldViolation,
    ids::Ids,
    testing::{Count, eventually, nul_text_accepted},
};
use taskmesh_proto::{
    notification::v1::{self as pb, ReminderState, reminder_event::Change},
    realtime::v1::TaskChange,
    task::v1::{TaskState, reminder_setting::When},
    topics,
};
use tonic::Code;

use crate::support::{TaskBuilder, Wire};

fn moment(timestamp: Option<Timestamp>) -> DateTime<Utc> {
    let time = timestamp.unwrap();
    DateTime::from_timestamp(time.seconds, time.nanos.try_into().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reminder_follows_its_task() {
    let wire = Wire::start().await;
    let mut task = TaskBuilder::new("alice", TimeDelta::hours(5));
    wire.publish(&task).await;
    let reminder = wire.reminder_in("alice", ReminderState::Scheduled).await;
    assert_eq!(reminder.task_id, task.task.id);
    assert_eq!(reminder.task_title, "Water the plants");
    assert_eq!(moment(reminder.due_time), task.due_time);
    assert_eq!(
        moment(reminder.fire_time),
        task.due_time - TimeDelta::hours(1)
    );
    assert!(reminder.deliveries.is_empty());

    let later = task.due_time + TimeDelta::hours(2);
    task.change(|task| {
        task.due_time = later;
        task.task.title = "Water all plants".to_owned();
    });
    wire.publish(&task).await;
    let moved = eventually("the reminder has moved", async || {
        let reminder = wire.reminder_in("alice", ReminderState::Scheduled).await;
        (moment(reminder.fire_time) == later - TimeDelta::hours(1)).then_some(reminder)
    })
    .await;
    assert_eq!(
        (moved.id, moved.task_title.as_str()),
        (reminder.id.clone(), "Water all plants")
    );

    wire.publish(task.change(|task| task.task.set_state(TaskState::Completed)))
        .await;
    let cancelled = wire.reminder_in("alice", ReminderState::Cancelled).await;
    assert_eq!(cancelled.id, reminder.id);

    wire.publish(task.change(|task| task.task.set_state(TaskState::Open)))
        .await;
    let again = wire.reminder_in("alice", ReminderState::Scheduled).await;
    assert_ne!(again.id, reminder.id);

    let now = timestamp(Clock::system().now());
    wire.publish(task.change(|task| task.task.delete_time = Some(now)))
        .await;
    eventually("both are cancelled", async || {
        let reminders = wire.reminders("alice").await;
        let cancelled = |reminder: &pb::Reminder| reminder.state() == ReminderState::Cancelled;
        (reminders.len() == 2 && reminders.iter().all(cancelled)).then_some(())
    })
    .await;

    assert_eq!(wire.versions(&task).await, [3, 2]);
    assert_eq!(wire.kinds(&task).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn batch_of_events_is_one_commit() {
    let wire = Wire::start().await;
    wire.service.take_counts();
    wire.publish(&TaskBuilder::new("alice", TimeDelta::hours(5)))
        .await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    let cost = Count {
        commits: 1,
        statements: 8,
    };
    assert_eq!(wire.service.take_counts().remove("consume"), Some(cost));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_event_that_is_not_newer_changes_nothing() {
    let wire = Wire::start().await;
    let old = TaskBuilder::new("alice", TimeDelta::hours(5));
    let mut new = old.clone();
    new.change(|task| task.task.muted = true);
    let mut newest = TaskBuilder::new("alice", TimeDelta::hours(6));
    newest.user = "bob";
    wire.publish(&new).await;
    wire.publish(&old).await;
    // The same version with another content: the first one counts.
    let mut twice = old.clone();
    twice.version = 2;
    wire.publish(&twice).await;
    // Of the same partition or not: once bob's reminder is there and nothing moves any more, alice still has none.
    wire.publish(&newest).await;
    wire.reminder_in("bob", ReminderState::Scheduled).await;
    wire.publish(new.change(|task| task.task.muted = false))
        .await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    assert_eq!(wire.versions(&new).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reminder_fires_once_and_says_how_late() {
    let wire = Wire::start().await;
    let moment_of_firing = Clock::system().now() + TimeDelta::milliseconds(1_500);
    let task = TaskBuilder::new("alice", TimeDelta::days(1))
        .remind(When::AtTime(timestamp(moment_of_firing)));
    wire.publish(&task).await;
    let reminder = wire.reminder_in("alice", ReminderState::Sent).await;
    let [delivery] = &reminder.deliveries[..] else {
        panic!("{reminder:?}")
    };
    assert_eq!(delivery.channel(), pb::Channel::InApp);
    assert_eq!(delivery.state(), pb::DeliveryState::Sent);
    assert!(moment(delivery.update_time) >= moment_of_firing);
    assert_eq!(wire.kinds(&task).await, ["ReminderSent"]);
    let event = wire.events().await.remove(0);
    assert_eq!(event.id.to_string(), event.message.event_id);
    assert_eq!(event.key, task.task.id);
    assert_eq!(
        (
            event.message.user_id.as_str(),
            event.message.reminder_version
        ),
        ("alice", 2)
    );
    let mut headers = event.headers.iter();
    let subject = headers.find(|(name, _)| name == "ce_subject").unwrap();
    assert_eq!(subject.1, reminder.id);
    let Some(Change::Sent(sent)) = &event.message.change else {
        panic!("{event:?}")
    };
    assert_eq!(sent.channel(), pb::Channel::InApp);
    assert!((0..10_000).contains(&sent.lateness_ms), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stop_and_a_start_change_nothing() {
    let mut wire = Wire::start().await;
    let during = TaskBuilder::new("alice", TimeDelta::hours(2));
    let after = TaskBuilder::new("bob", TimeDelta::hours(5));
    wire.publish(&during).await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    wire.service.halt().await;
    wire.publish(&after).await;
    wire.let_two_hours_pass().await;
    wire.service.restart().await;
    wire.reminder_in("alice", ReminderState::Sent).await;
    wire.reminder_in("bob", ReminderState::Scheduled).await;
    assert_eq!(wire.kinds(&during).await, ["ReminderSent"]);
    assert_eq!(wire.versions(&during).await, [2]);
    assert_eq!(wire.versions(&after).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn live_clients_receive_fired_reminder() {
    let wire = Wire::start().await;
    let task = TaskBuilder::new("alice", TimeDelta::hours(2));
    wire.publish(&task).await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    let told = async || {
        let events = wire.service.events::<TaskChange>(&topics::TASK_UPDATES);
        events.await
    };
    assert_eq!(told().await.len(), 0);
    wire.let_two_hours_pass().await;
    let sent = wire.reminder_in("alice", ReminderState::Sent).await;
    let [event] = &told().await[..] else {
        panic!("one step is told");
    };
    assert_eq!(event.key, "alice");
    let reminder = event.message.reminder.as_ref().unwrap();
    assert_eq!(
        (&reminder.id, reminder.state()),
        (&sent.id, ReminderState::Sent)
    );
    let steps = wire.events().await;
    let last = steps.last().unwrap();
    assert_eq!(event.message.task_version, last.message.reminder_version);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_comes_in_pages_the_latest_first() {
    let wire = Wire::start().await;
    let mut tasks = Vec::new();
    for hours in [3, 5, 4, 2, 6] {
        let mut task = TaskBuilder::new("alice", TimeDelta::hours(hours));
        task.task.title = format!("in {hours} hours");
        wire.publish(&task).await;
        tasks.push(task);
    }
    eventually("all are scheduled", async || {
        (wire.reminders("alice").await.len() == 5).then_some(())
    })
    .await;
    let mut titles = Vec::new();
    let mut request = pb::ListRemindersRequest {
        page_size: 2,
        ..Default::default()
    };
    loop {
        let page = wire.list("alice", request.clone()).await.unwrap();
        assert!(page.reminders.len() <= 2);
        titles.extend(
            page.reminders
                .into_iter()
                .map(|reminder| reminder.task_title),
        );
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(
        titles,
        [6, 5, 4, 3, 2].map(|hours| format!("in {hours} hours"))
    );

    let of_one = pb::ListRemindersRequest {
        task_id: tasks[0].task.id.clone(),
        ..Default::default()
    };
    let page = wire.list("alice", of_one).await.unwrap();
    assert_eq!(page.reminders.len(), 1);
    assert_eq!(page.reminders[0].task_title, "in 3 hours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wrong_list_request_names_field_and_cure() {
    let wire = Wire::start().await;
    let task_id = Ids.uuid_v7().to_string();
    let default = pb::ListRemindersRequest::default;
    for (request, field) in [
        (
            pb::ListRemindersRequest {
                task_id: "42".to_owned(),
                ..default()
            },
            "task_id",
        ),
        (
            pb::ListRemindersRequest {
                page_size: -1,
                ..default()
            },
            "page_size",
        ),
        (
            pb::ListRemindersRequest {
                page_token: "x".to_owned(),
                task_id,
                ..default()
            },
            "page_token",
        ),
    ] {
        let refusal = wire.list("alice", request).await.unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        let violations = FieldViolation::all_of(&refusal);
        assert_eq!(
            (violations.len(), violations[0].field.as_str()),
            (1, field),
            "{refusal:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_user_never_sees_what_is_another_s() {
    let wire = Wire::start().await;
    let task = TaskBuilder::new("alice", TimeDelta::hours(5));
    wire.publish(&task).await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    assert!(wire.reminders("bob").await.is_empty());
    let of_alice = pb::ListRemindersRequest {
        task_id: task.task.id.clone(),
        page_size: 1,
        ..Default::default()
    };
    assert!(
        wire.list("bob", of_alice)
            .await
            .unwrap()
            .reminders
            .is_empty()
    );
    let anonymous = pb::ListRemindersRequest::default();
    let refusal = wire.client().list_reminders(anonymous).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn malformed_event_is_dead_letter_and_blocks_nothing() {
    let mut wire = Wire::start().await;
    wire.service.expect_dead_letters();
    let mut task = TaskBuilder::new("alice", TimeDelta::hours(5));
    let mut event = task.event();
    event.task = None;
    let key = task.task.id.clone();
    wire.service
        .publish(
            &topics::TASK_EVENTS,
            &key,
            Ids.uuid_v7(),
            "taskmesh.task.v1.TaskCreated",
            &event,
        )
        .await;
    wire.publish(task.change(|_| {})).await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    let letters = wire
        .service
        .topics()
        .dead_letters(&topics::TASK_EVENTS, "notification-service")
        .await;
    assert_eq!(letters.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_rpc_refuses_text_with_nul() {
    let wire = Wire::start().await;
    let mut accepted = Vec::new();
    for service in [
        "taskmesh.notification.v1.NotificationService",
        "taskmesh.admin.v1.DeadLetterService",
    ] {
        let known = [("email_address", "alice@example.com")];
        let found = nul_text_accepted(wire.service.channel(), service, &known, |_, message| {
            wire.service.request_as_operator("alice", message)
        });
        accepted.extend(found.await);
    }
    assert_eq!(accepted, [""; 0]);
}
