//! `bench audit`: rates of recording and verifying, latency of a history, and tampered records that verification finds.

mod backlog;
mod command;
mod service;
mod tampering;
mod verification;

pub use command::{Arguments, measure};
