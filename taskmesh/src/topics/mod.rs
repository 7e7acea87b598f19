//! `taskmesh topics`: makes a cluster's topics what the contract declares.

mod cluster;
mod command;
mod declared;

pub use cluster::{Cluster, State};
pub use command::{Arguments, Brokers, kafka_config, kafka_of, run};
pub use declared::declared;
