//! Tasks as files show them.

use chrono::{DateTime, SecondsFormat, Utc};

use super::written::{WrittenReminder, WrittenTask};
use crate::domain::{Details, Due, Links, Priority, RecurrenceAnchor, Reminder, Task, TaskState};

impl From<&Task> for WrittenTask {
    fn from(task: &Task) -> Self {
        let Task {
            id,
            user_id: _,
            details,
            schedule,
            links,
            occurrence,
            state,
            version: _,
            operation_id: _,
            import_id: _,
            create_time,
            update_time,
            delete_time,
            remind_time: _,
        } = task;
        let Details {
            title,
            description,
            priority,
            muted,
        } = details;
        let Links {
            category,
            tags,
            parent_task_id,
            depends_on,
            blocked_by: _,
        } = links;
        let recurrence = schedule.recurrence();
        Self {
            id: id.to_string(),
            title: title.to_string(),
            description: description.to_string(),
            priority: priority_name(*priority),
            state: state_name(*state),
            due_date: text(schedule.due().and_then(Due::date)),
            due_time: schedule.due_time().map(time).unwrap_or_default(),
            due_local_time: text(schedule.due_local_time()),
            time_zone: text(schedule.time_zone()),
            start_time: schedule.start_time().map(time).unwrap_or_default(),
            recurrence_rule: recurrence
                .map(|recurrence| recurrence.rule.as_ref().to_owned())
                .unwrap_or_default(),
            recurrence_anchor: recurrence
                .map(|recurrence| anchor_name(recurrence.anchor))
                .unwrap_or_default(),
            series_id: text(occurrence.map(|occurrence| occurrence.series_id)),
            recurrence_id: text(occurrence.map(|occurrence| occurrence.recurrence_id)),
            reminders: schedule
                .reminders()
                .as_slice()
                .iter()
                .map(reminder)
                .collect(),
            muted: *muted,
            category: category
                .as_ref()
                .map(|category| category.name.clone())
                .unwrap_or_default(),
            tags: tags.iter().map(|tag| tag.name.clone()).collect(),
            parent_task_id: text(*parent_task_id),
            depends_on: depends_on.iter().map(ToString::to_string).collect(),
            create_time: time(*create_time),
            update_time: time(*update_time),
            complete_time: state.complete_time().map(time).unwrap_or_default(),
            delete_time: delete_time.map(time).unwrap_or_default(),
        }
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "PRIORITY_LOW",
        Priority::Medium => "PRIORITY_MEDIUM",
        Priority::High => "PRIORITY_HIGH",
        Priority::Urgent => "PRIORITY_URGENT",
    }
}

fn state_name(state: TaskState) -> &'static str {
    match state {
        TaskState::Open => "TASK_STATE_OPEN",
        TaskState::Completed { .. } => "TASK_STATE_COMPLETED",
    }
}

fn anchor_name(anchor: RecurrenceAnchor) -> &'static str {
    match anchor {
        RecurrenceAnchor::Schedule => "RECURRENCE_ANCHOR_SCHEDULE",
        RecurrenceAnchor::Completion => "RECURRENCE_ANCHOR_COMPLETION",
    }
}

fn reminder(reminder: &Reminder) -> WrittenReminder {
    match reminder {
        Reminder::MinutesBeforeDue(minutes) => WrittenReminder::MinutesBeforeDue(*minutes),
        Reminder::AtTime(moment) => WrittenReminder::AtTime(time(*moment)),
    }
}
