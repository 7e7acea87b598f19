use chrono::{DateTime, Utc};
use service_runtime::ids::UserId;

use super::{
    Details, Due, Etag, Links, Occurrence, OperationId, Schedule, SeriesId, TaskId, TaskState,
};

/// Task of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Identifies the task.
    pub id: TaskId,
    /// Owner.
    pub user_id: UserId,
    /// Content.
    pub details: Details,
    /// When it is due, how it repeats, when to remind of it.
    pub schedule: Schedule,
    /// Category, tags, parent and dependencies.
    pub links: Links,
    /// Its place in a series; present if and only if the schedule repeats.
    pub occurrence: Option<Occurrence>,
    /// Open or completed.
    pub state: TaskState,
    /// One for a new task, one more with every change.
    pub version: i64,
    /// Operation that last changed it; none if that was before operations were stored.
    pub operation_id: Option<OperationId>,
    /// Its id or UID in the file that it was imported from.
    pub import_id: Option<String>,
    /// When it was created.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// When it was deleted.
    pub delete_time: Option<DateTime<Utc>>,
    /// When its user was last reminded of it; not part of the version.
    pub remind_time: Option<DateTime<Utc>>,
}

/// Returns the names of fields, each with whether the value that it stands for differs between two versions.
macro_rules! differences {
    ($one:ident, $other:ident: $(($field:literal, $($value:tt)+))+) => {
        [$(($field, $one.$($value)+ != $other.$($value)+)),+]
    };
}

impl Task {
    /// Returns whether a search would find this and another version of the task by the same words.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.details.title == other.details.title
            && self.details.description == other.details.description
            && self.links.category == other.links.category
            && self.links.tags == other.links.tags
    }

    /// Returns a new, open task.
    pub fn new(
        id: TaskId,
        user_id: UserId,
        details: Details,
        schedule: Schedule,
        links: Links,
        occurrence: Option<Occurrence>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            user_id,
            details,
            schedule,
            links,
            occurrence,
            state: TaskState::Open,
            version: 1,
            operation_id: None,
            import_id: None,
            create_time: now,
            update_time: now,
            delete_time: None,
            remind_time: None,
        }
    }

    /// Returns the text that changes with every version.
    pub fn etag(&self) -> Etag {
        Etag::of_version(self.version)
    }

    /// Returns the series that it is an occurrence of.
    pub fn series_id(&self) -> Option<SeriesId> {
        self.occurrence.map(|occurrence| occurrence.series_id)
    }

    /// Returns the task as the next version of itself, made by an operation.
    pub fn next_version(self, operation_id: OperationId, now: DateTime<Utc>) -> Self {
        Self {
            version: self.version + 1,
            operation_id: Some(operation_id),
            update_time: now,
            ..self
        }
    }

    /// Returns the names of the fields whose values differ from those of another version.
    ///
    /// The fields that differ between any two versions (`etag`, `update_time`, `operation_id`) are left out.
    pub fn changed_fields(&self, previous: &Self) -> Vec<&'static str> {
        differences! {
            self, previous:
            ("title", details.title)
            ("description", details.description)
            ("priority", details.priority)
            ("state", state.word())
            ("due_time", schedule.due_time())
            ("time_zone", schedule.time_zone())
            ("recurrence_rule", schedule.recurrence().map(|recurrence| &recurrence.rule))
            ("recurrence_anchor", schedule.recurrence().map(|recurrence| recurrence.anchor))
            ("series_id", series_id())
            ("recurrence_id", occurrence.map(|occurrence| occurrence.recurrence_id))
            ("reminders", schedule.reminders())
            ("muted", details.muted)
            ("complete_time", state.complete_time())
            ("delete_time", delete_time)
            ("due_date", schedule.due().and_then(Due::date))
            ("due_local_time", schedule.due_local_time())
            ("start_time", schedule.start_time())
            ("category", links.category)
            ("tags", links.tags)
            ("parent_task_id", links.parent_task_id)
            ("depends_on", links.depends_on)
            ("blocked_by", links.blocked_by)
        }
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{
        Title,
        fixtures::{moment, operation_id, task},
    };

    #[test]
    fn the_etag_changes_with_the_version() {
        assert_eq!(task().etag(), task().etag());
        assert_ne!(
            task().etag(),
            task().next_version(operation_id(), moment()).etag()
        );
    }

    #[test]
    fn changed_fields_name_what_differs_and_nothing_else() {
        let next = task().next_version(operation_id(), moment());
        assert!(next.changed_fields(&task()).is_empty());

        let completed = next.completed(moment());
        assert_eq!(
            completed.changed_fields(&task()),
            ["state", "complete_time"]
        );

        let mut renamed = task();
        renamed.details.title = Title::parse("Feed the cat").unwrap();
        renamed.details.muted = true;
        assert_eq!(renamed.changed_fields(&task()), ["title", "muted"]);
    }
}
