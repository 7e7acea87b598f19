//! `bench audit`: rates of recording and verifying, and latency of a history.

mod backlog;
mod command;
mod service;
mod verification;

pub use command::{Arguments, measure};
