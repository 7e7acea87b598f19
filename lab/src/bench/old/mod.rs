//! `./dev bench`: figures of a running mesh, for people as a table and for programs as JSON.

mod audit;
mod caller;
mod command;
mod data;
mod database;
mod effort;
mod events;
mod live;
mod load;
mod mesh;
mod process;
mod progress;
mod report;

pub use command::{Command, run};
