//! Answers and events: from the domain to protobuf.

use service_runtime::clock::timestamp;
use taskmesh_proto::task::v1 as pb;

use crate::{
    domain::{Details, Due, Priority, RecurrenceAnchor, Reminder, Task, TaskState},
    operations::create_occurrence,
};

impl From<&Task> for pb::Task {
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
            operation_id,
            import_id: _,
            create_time,
            update_time,
            delete_time,
            remind_time,
        } = task;
        let Details {
            title,
            description,
            priority,
            muted,
        } = details;
        let recurrence = schedule.recurrence();
        Self {
            id: id.to_string(),
            title: title.to_string(),
            description: description.to_string(),
            priority: priority_number(*priority).into(),
            state: state_number(*state).into(),
            due_time: schedule.due_time().map(timestamp),
            time_zone: text(schedule.time_zone()),
            recurrence_rule: text(recurrence.map(|recurrence| recurrence.rule.as_ref())),
            recurrence_anchor: recurrence
                .map_or(pb::RecurrenceAnchor::Unspecified, |recurrence| {
                    recurrence.anchor.into()
                })
                .into(),
            series_id: text(task.series_id()),
            recurrence_id: text(occurrence.map(|occurrence| occurrence.recurrence_id)),
            reminders: schedule
                .reminders()
                .as_slice()
                .iter()
                .map(reminder)
                .collect(),
            muted: *muted,
            etag: task.etag().to_string(),
            create_time: Some(timestamp(*create_time)),
            update_time: Some(timestamp(*update_time)),
            complete_time: state.complete_time().map(timestamp),
            delete_time: delete_time.map(timestamp),
            remind_time: remind_time.map(timestamp),
            due_date: text(schedule.due().and_then(Due::date)),
            due_local_time: text(schedule.due_local_time()),
            start_time: schedule.start_time().map(timestamp),
            category: text(links.category.as_ref().map(|category| &category.name)),
            tags: links.tags.iter().map(|tag| tag.name.clone()).collect(),
            parent_task_id: text(links.parent_task_id),
            depends_on: links.depends_on.iter().map(ToString::to_string).collect(),
            blocked_by: links.blocked_by.iter().map(ToString::to_string).collect(),
            operation_id: text(*operation_id),
        }
    }
}

/// Returns a value as text; an absent one as an empty text.
pub fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Returns a count; one that is out of range becomes the largest number.
pub fn number(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

impl From<&create_occurrence::Output> for pb::CreateOccurrenceResponse {
    fn from(output: &create_occurrence::Output) -> Self {
        let create_occurrence::Output { task, created } = output;
        Self {
            task: task.as_ref().map(Into::into),
            created: *created,
        }
    }
}

impl From<RecurrenceAnchor> for pb::RecurrenceAnchor {
    fn from(anchor: RecurrenceAnchor) -> Self {
        match anchor {
            RecurrenceAnchor::Schedule => Self::Schedule,
            RecurrenceAnchor::Completion => Self::Completion,
        }
    }
}

fn priority_number(priority: Priority) -> pb::Priority {
    match priority {
        Priority::Low => pb::Priority::Low,
        Priority::Medium => pb::Priority::Medium,
        Priority::High => pb::Priority::High,
        Priority::Urgent => pb::Priority::Urgent,
    }
}

fn state_number(state: TaskState) -> pb::TaskState {
    match state {
        TaskState::Open => pb::TaskState::Open,
        TaskState::Completed { .. } => pb::TaskState::Completed,
    }
}

fn reminder(reminder: &Reminder) -> pb::ReminderSetting {
    let when = match reminder {
        Reminder::MinutesBeforeDue(minutes) => {
            pb::reminder_setting::When::MinutesBeforeDue(*minutes)
        }
        Reminder::AtTime(time) => pb::reminder_setting::When::AtTime(timestamp(*time)),
    };
    pb::ReminderSetting { when: Some(when) }
}
