use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use notification_service::domain::setting::Setting;
use service_runtime::{clock::Clock, testing::eventually};
use taskmesh_proto::notification::v1::{self as pb, ReminderState};

use crate::support::{Behaviour, MailServer, TaskBuilder, Wire};

/// Returns the zone in which it is between four and five in the morning, and how far its clocks are ahead.
fn early_zone(now: DateTime<Utc>) -> (String, TimeDelta) {
    let ahead = match 4 - i64::from(now.hour()) {
        behind @ ..-12 => behind + 24,
        near => near,
    };
    // The signs of these names are those of POSIX, where west is positive.
    (format!("Etc/GMT{:+}", -ahead), TimeDelta::hours(ahead))
}

/// Returns a task that is due today, in a zone in which that day has just begun, and when it is nine there.
fn due_today(user: &str) -> (TaskBuilder, NaiveDate, DateTime<Utc>) {
    let now = Clock::system().now();
    let (time_zone, ahead) = early_zone(now);
    let today = (now + ahead).date_naive();
    let begin = today.and_time(NaiveTime::MIN).and_utc() - ahead;
    let mut builder = TaskBuilder::new(user, TimeDelta::zero());
    builder.task.time_zone = time_zone;
    builder.task.due_time = Some(begin);
    builder.task.due_date = Some(today);
    (builder, today, begin + TimeDelta::hours(9))
}

fn fires_at(reminder: &pb::Reminder) -> DateTime<Utc> {
    let time = reminder.fire_time.unwrap();
    DateTime::from_timestamp(time.seconds, time.nanos.try_into().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_due_date_is_reminded_of_before_nine_in_its_zone() {
    let wire = Wire::start().await;
    let (mut task, today, nine) = due_today("alice");
    wire.publish(&task).await;
    let reminder = wire.reminder_in("alice", ReminderState::Scheduled).await;
    assert_eq!(fires_at(&reminder), nine - TimeDelta::hours(1));
    assert_eq!(reminder.due_date, today.to_string());

    // The day has begun, and its reminder moves all the same.
    let update = pb::UpdatePreferencesRequest {
        default_reminder_minutes: 30,
        ..Default::default()
    };
    wire.update("alice", &["default_reminder_minutes"], update)
        .await
        .unwrap();
    let moved = wire.reminder_in("alice", ReminderState::Scheduled).await;
    assert_eq!(moved.id, reminder.id);
    assert_eq!(fires_at(&moved), nine - TimeDelta::minutes(30));

    let at_noon = nine + TimeDelta::hours(3);
    task.change(|task| {
        task.due_date = None;
        task.due_time = Some(at_noon);
    });
    wire.publish(&task).await;
    let moved = eventually("the reminder has moved to the time", async || {
        let reminder = wire.reminder_in("alice", ReminderState::Scheduled).await;
        reminder.due_date.is_empty().then_some(reminder)
    })
    .await;
    assert_eq!(fires_at(&moved), at_noon - TimeDelta::minutes(30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_e_mail_about_a_due_date_names_no_time() {
    let server = MailServer::start(Behaviour::Accept);
    let wire = Wire::start_with_mail(&server).await;
    let (mut task, today, _) = due_today("alice");
    let soon = Clock::system().now() + TimeDelta::milliseconds(300);
    task.task.settings = vec![Setting::At(soon)];
    wire.publish(&task).await;
    wire.reminder_in("alice", ReminderState::Sent).await;
    let message = server.messages().pop().unwrap();
    let due = format!("Due: {}", today.format("%A, %-d %B %Y"));
    assert!(message.lines().any(|line| line == due), "{message}");
}
