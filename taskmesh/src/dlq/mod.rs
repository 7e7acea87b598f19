//! `taskmesh dlq`: finds, shows, sends back and deletes the records that no consumer could handle.

mod chosen;
mod command;
mod format;
mod list;
mod purge;
mod redrive;
mod show;

pub use command::{Arguments, run};
pub use format::plain;
