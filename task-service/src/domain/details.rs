use super::{Description, Priority, Title};

/// What a task says, apart from when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What is to be done.
    pub title: Title,
    /// More about it.
    pub description: Description,
    /// How much it matters.
    pub priority: Priority,
    /// No reminders, not even the default one.
    pub muted: bool,
}
