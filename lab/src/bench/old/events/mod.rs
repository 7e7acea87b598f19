//! How fast events go from a commit to their effect, and what becomes of them while something is in the way. Works with a database and
//! a broker of its own, or with given ones, in a schema and on topics that no mesh uses.

mod backlog;
mod changes;
mod command;
mod disk;
mod follower;
mod latency;
mod memory;
mod outage;
mod poison;
mod relayed;
mod service;
mod snapshot;
mod stage;
mod writers;

pub use command::{Arguments, measure};
pub use stage::start_postgres;
