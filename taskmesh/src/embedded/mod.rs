//! The database and the broker of a machine that has neither: private, on loopback, with their data in the data folder.

mod account;
pub mod cluster;
pub mod ports;
pub mod postgres;
pub mod programs;
