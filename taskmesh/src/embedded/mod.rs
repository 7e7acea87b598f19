//! The database and the broker of a machine that has neither: private, on loopback, with their data in the data folder.

mod account;
pub mod broker;
mod broker_connections;
mod broker_group;
mod broker_groups;
mod broker_import;
mod broker_log;
mod broker_records;
mod broker_sequences;
mod broker_topics;
pub mod cluster;
pub mod ports;
pub mod postgres;
pub mod programs;
