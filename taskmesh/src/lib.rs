//! Taskmesh: the whole mesh in one process for development, and the operator's command line.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod audit;
pub mod broker;
mod command_line;
pub mod data_folder;
mod dlq;
mod duration;
pub mod embedded;
mod infra;
pub mod mail_sink;
pub mod open_files;
pub mod secrets;
pub mod token;
pub mod topics;
pub mod up;

pub use command_line::{main, run_command};
