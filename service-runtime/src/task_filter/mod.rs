//! Fields of tasks in filters: task-service queries by them, and realtime-service evaluates them on the tasks in events.

mod field;
mod record;
mod spelling;
#[cfg(test)]
mod tests;

pub use field::{COMPLETED, TaskField};

/// Filter of tasks.
pub type TaskFilter = crate::filter::Filter<TaskField>;
