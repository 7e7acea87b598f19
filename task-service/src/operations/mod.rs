//! What can be done with tasks: one operation a file.

mod change;
mod complete_task;
pub mod create_occurrence;
pub mod create_task;
mod delete_task;
mod get_task;
mod list_tasks;
mod reopen_task;
mod undelete_task;
pub mod update_task;

pub use change::Target;
pub use complete_task::complete_task;
pub use create_occurrence::create_occurrence;
pub use create_task::create_task;
pub use delete_task::delete_task;
pub use get_task::get_task;
pub use list_tasks::list_tasks;
pub use reopen_task::reopen_task;
pub use undelete_task::undelete_task;
pub use update_task::update_task;
