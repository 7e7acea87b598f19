//! `./dev bench api`: reading, creating and listing tasks.

mod batch;
mod command;
mod create_task;
mod gateway;
mod get_task;
mod list_tasks;
mod pgbench;
mod quiet;
mod writer;

pub use command::{Arguments, measure};
