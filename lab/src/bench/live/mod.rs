//! `bench live`: latency of the live feed, and memory of idle clients.

mod command;
mod crowd;
mod idle;
mod latency;
mod listeners;

pub use command::{Arguments, measure};
