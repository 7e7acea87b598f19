//! Events of tasks, as this service understands them.

use chrono::{DateTime, NaiveDate, Utc};
use prost_types::Timestamp;
use service_runtime::clock::from_timestamp;
use taskmesh_proto::task::v1::{self as pb, reminder_setting::When};

use crate::domain::{preferences::MAXIMUM_MINUTES, setting::Setting, watched_task::WatchedTask};

/// An event without something that every event of a task has.
#[derive(Debug, thiserror::Error)]
#[error("the field {0} of the event is missing or malformed")]
pub struct MalformedEvent(&'static str);

/// Returns the task of an event.
pub fn watched_task(event: pb::TaskEvent) -> Result<WatchedTask, MalformedEvent> {
    let task = event.task.ok_or(MalformedEvent("task"))?;
    if task.due_time.is_none() && !task.due_date.is_empty() {
        return Err(MalformedEvent("task.due_time"));
    }
    let open = match pb::TaskState::try_from(task.state) {
        Ok(pb::TaskState::Open) => true,
        Ok(pb::TaskState::Completed) => false,
        Ok(pb::TaskState::Unspecified) | Err(_) => return Err(MalformedEvent("task.state")),
    };
    Ok(WatchedTask {
        user_id: event
            .user_id
            .parse()
            .map_err(|_| MalformedEvent("user_id"))?,
        task_id: task.id.parse().map_err(|_| MalformedEvent("task.id"))?,
        version: event.task_version,
        title: task.title,
        due_time: task
            .due_time
            .map(|time| moment(time, "task.due_time"))
            .transpose()?,
        due_date: due_date(&task.due_date)?,
        time_zone: task.time_zone,
        open,
        deleted: task.delete_time.is_some(),
        muted: task.muted,
        settings: task
            .reminders
            .into_iter()
            .map(setting)
            .collect::<Result<_, _>>()?,
        update_time: moment(
            event.event_time.ok_or(MalformedEvent("event_time"))?,
            "event_time",
        )?,
    })
}

fn due_date(text: &str) -> Result<Option<NaiveDate>, MalformedEvent> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| MalformedEvent("task.due_date"))
}

fn setting(setting: pb::ReminderSetting) -> Result<Setting, MalformedEvent> {
    const FIELD: &str = "task.reminders";
    match setting.when {
        Some(When::MinutesBeforeDue(minutes @ 0..=MAXIMUM_MINUTES)) => Ok(Setting::Before(minutes)),
        Some(When::AtTime(time)) => moment(time, FIELD).map(Setting::At),
        Some(When::MinutesBeforeDue(_)) | None => Err(MalformedEvent(FIELD)),
    }
}

/// Cut to microseconds, the finest that the database keeps: what is written and what is read must compare as equal.
fn moment(time: Timestamp, field: &'static str) -> Result<DateTime<Utc>, MalformedEvent> {
    from_timestamp(time).ok_or(MalformedEvent(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> pb::TaskEvent {
        let time = |seconds| {
            Some(Timestamp {
                seconds,
                nanos: 1_999,
            })
        };
        pb::TaskEvent {
            event_time: time(1_000),
            user_id: "alice".to_owned(),
            task_version: 3,
            task: Some(pb::Task {
                id: "01939d2c-0000-7000-8000-000000000001".to_owned(),
                title: "Water the plants".to_owned(),
                state: pb::TaskState::Open.into(),
                due_time: time(2_000),
                ..pb::Task::default()
            }),
            ..pb::TaskEvent::default()
        }
    }

    fn with_setting(when: Option<When>) -> pb::TaskEvent {
        let mut event = event();
        event.task.as_mut().unwrap().reminders = vec![pb::ReminderSetting { when }];
        event
    }

    #[test]
    fn moments_are_cut_to_microseconds() {
        let task = watched_task(event()).unwrap();
        assert_eq!(task.update_time.timestamp_subsec_nanos(), 1_000);
        assert_eq!(task.due_time.unwrap().timestamp_micros(), 2_000_000_001);
    }

    #[test]
    fn settings_are_understood() {
        let task = watched_task(with_setting(Some(When::MinutesBeforeDue(30)))).unwrap();
        assert_eq!(task.settings, [Setting::Before(30)]);
    }

    #[test]
    fn a_due_date_is_understood() {
        assert_eq!(watched_task(event()).unwrap().due_date, None);
        let mut on_a_date = event();
        on_a_date.task.as_mut().unwrap().due_date = "2026-12-01".to_owned();
        let date = watched_task(on_a_date).unwrap().due_date;
        assert_eq!(date, NaiveDate::from_ymd_opt(2026, 12, 1));
    }

    #[test]
    fn what_no_task_service_sends_is_malformed() {
        let mut no_task = event();
        no_task.task = None;
        let mut no_state = event();
        no_state.task.as_mut().unwrap().state = 7;
        let mut no_user = event();
        no_user.user_id.clear();
        let mut no_time = event();
        no_time.event_time = None;
        let mut no_moment = event();
        no_moment.event_time = Some(Timestamp {
            seconds: i64::MAX,
            nanos: -1,
        });
        let mut no_date = event();
        no_date.task.as_mut().unwrap().due_date = "tomorrow".to_owned();
        let mut no_begin = event();
        no_begin.task.as_mut().unwrap().due_time = None;
        no_begin.task.as_mut().unwrap().due_date = "2026-12-01".to_owned();
        for (event, field) in [
            (no_begin, "task.due_time"),
            (no_date, "task.due_date"),
            (no_task, "task"),
            (no_state, "task.state"),
            (no_user, "user_id"),
            (no_time, "event_time"),
            (no_moment, "event_time"),
            (with_setting(None), "task.reminders"),
            (
                with_setting(Some(When::MinutesBeforeDue(-1))),
                "task.reminders",
            ),
        ] {
            assert_eq!(watched_task(event).unwrap_err().0, field);
        }
    }
}
