//! `bench api`: rates and latency of the task-service's calls, compared with the database alone and with calls through the gateway.

mod command;
mod create;
mod list;
mod read;

pub use command::{Arguments, measure};
