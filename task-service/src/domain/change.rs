/// Kind of change of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was created.
    Created,
    /// Fields of it were changed.
    Updated,
    /// It was completed.
    Completed,
    /// It was reopened.
    Reopened,
    /// It was deleted.
    Deleted,
    /// It was restored.
    Undeleted,
}
