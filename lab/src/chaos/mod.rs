//! `./dev chaos`: runs a mesh of many processes under load, injects faults, and checks that nothing is lost, doubled or out of order.

mod brokers;
mod clients;
mod command;
mod evidence;
mod fault;
mod load;
mod mesh;
mod process;
mod report;
mod run;
mod server;
mod throughput;
mod topics;
mod users;

pub use command::{Arguments, run};
