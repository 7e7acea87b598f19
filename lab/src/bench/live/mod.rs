//! `bench live`: latency of the live feed, memory of idle clients, and gaps after reconnects.

mod command;
mod crowd;
mod idle;
mod latency;
mod listeners;
mod reconnects;

pub use command::{Arguments, measure};
