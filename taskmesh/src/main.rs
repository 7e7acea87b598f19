//! Taskmesh: the whole mesh in one process for development, and the operator's command line.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod audit;
mod bench;
mod broker;
mod chaos;
mod command_line;
mod data_folder;
mod dlq;
mod duration;
mod embedded;
mod infra;
mod live_client;
mod mail_sink;
mod open_files;
mod secrets;
mod serve;
mod token;
mod topics;
mod up;

use std::process::ExitCode;

fn main() -> ExitCode {
    open_files::allow_all();
    command_line::main()
}
