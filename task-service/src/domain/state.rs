use chrono::{DateTime, Utc};

use super::Task;

/// State of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Still to do.
    Open,
    /// Done.
    Completed {
        /// Since when.
        complete_time: DateTime<Utc>,
    },
}

impl TaskState {
    /// Returns its word, as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed { .. } => "completed",
        }
    }

    /// Returns when the task was completed; none while it is open.
    pub fn complete_time(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open => None,
            Self::Completed { complete_time } => Some(complete_time),
        }
    }
}

/// The steps of a task's life; each returns the task after the step, or the same task if there is nothing to do.
impl Task {
    /// Marks an open task as done.
    pub fn completed(self, now: DateTime<Utc>) -> Self {
        match self.state {
            TaskState::Completed { .. } => self,
            TaskState::Open => Self {
                state: TaskState::Completed { complete_time: now },
                ..self
            },
        }
    }

    /// Opens a completed task again.
    pub fn reopened(self) -> Self {
        Self {
            state: TaskState::Open,
            ..self
        }
    }

    /// Deletes a task.
    pub fn deleted(self, now: DateTime<Utc>) -> Self {
        Self {
            delete_time: self.delete_time.or(Some(now)),
            ..self
        }
    }

    /// Restores a deleted task as it was.
    pub fn undeleted(self) -> Self {
        Self {
            delete_time: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::domain::fixtures::{moment, task};

    #[test]
    fn a_completed_task_keeps_the_moment_of_its_first_completion() {
        let once = task().completed(moment());
        let again = once.clone().completed(moment() + TimeDelta::hours(1));
        assert_eq!(again, once);
        assert_eq!(again.state.complete_time(), Some(moment()));
    }

    #[test]
    fn reopening_undoes_completing() {
        assert_eq!(task().completed(moment()).reopened(), task());
        assert_eq!(task().reopened(), task());
    }

    #[test]
    fn restoring_undoes_deleting_and_leaves_the_rest() {
        let done = task().completed(moment());
        let deleted = done.clone().deleted(moment());
        assert_eq!(
            deleted.clone().deleted(moment() + TimeDelta::hours(1)),
            deleted
        );
        assert_eq!(deleted.undeleted(), done);
    }
}
