//! `bench events`: latency from a commit to its effect, throughput of the relay, and recovery from an outage of the broker.

mod backlog;
mod command;
mod follower;
mod latency;
mod outage;
mod service;

pub use command::{Arguments, measure};
