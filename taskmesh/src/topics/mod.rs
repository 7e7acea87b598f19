//! `taskmesh topics`: makes a cluster's topics, and the schemas in its registry, what the contract declares.

mod cluster;
mod command;
mod declared;
mod schemas;

pub use cluster::{Cluster, State};
pub use command::{Arguments, Brokers, kafka_of, run};
pub use declared::{DeclaredTopic, declared};
pub use schemas::register_all;
