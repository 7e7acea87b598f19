use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use service_runtime::{clock::Clock, testing::eventually};
use taskmesh_proto::notification::v1::{self as pb, ReminderState};

use crate::support::{TaskBuilder, Wire};

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
fn due_today(user: &'static str) -> (TaskBuilder, NaiveDate, DateTime<Utc>) {
    let now = Clock::system().now();
    let (time_zone, ahead) = early_zone(now);
    let today = (now + ahead).date_naive();
    let begin = today.and_time(NaiveTime::MIN).and_utc() - ahead;
    let mut builder = TaskBuilder::new(user, TimeDelta::zero());
    builder.task.time_zone = time_zone;
    builder.due_time = begin;
    builder.task.due_date = today.to_string();
    (builder, today, begin + TimeDelta::hours(9))
}

fn fires_at(reminder: &pb::Reminder) -> DateTime<Utc> {
    let time = reminder.fire_time.unwrap();
    DateTime::from_timestamp(time.seconds, time.nanos.try_into().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn due_date_reminds_before_nine_in_zone() {
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
        task.task.due_date.clear();
        task.due_time = at_noon;
    });
    wire.publish(&task).await;
    let moved = eventually("the reminder has moved to the time", async || {
        let reminder = wire.reminder_in("alice", ReminderState::Scheduled).await;
        reminder.due_date.is_empty().then_some(reminder)
    })
    .await;
    assert_eq!(fires_at(&moved), at_noon - TimeDelta::minutes(30));
}
