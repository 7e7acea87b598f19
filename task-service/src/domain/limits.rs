//! Maximum values of a task, in one place because the context reports them to clients.

/// Characters of a title.
pub const TITLE: usize = 500;
/// Characters of a description.
pub const DESCRIPTION: usize = 20_000;
/// Characters of the name of a category, tag or saved filter.
pub const NAME: usize = 100;
/// Reminders of a task.
pub const REMINDERS: usize = 10;
/// Tags of a task.
pub const TAGS: usize = 50;
/// Tasks that a task depends on.
pub const DEPENDENCIES: usize = 50;
/// Levels of tasks within tasks.
pub const DEPTH: usize = 8;
