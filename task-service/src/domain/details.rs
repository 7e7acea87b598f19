use super::{Description, Priority, Title};

/// Title, description, priority and mute switch of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Title.
    pub title: Title,
    /// More about it.
    pub description: Description,
    /// Priority.
    pub priority: Priority,
    /// No reminders, not even the default one.
    pub muted: bool,
}
