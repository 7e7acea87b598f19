//! `./dev chaos`: a mesh of many processes under load, whose parts are killed, stopped and cut off at random, and the proof that
//! nothing was lost, nothing done twice, nothing told in the wrong order.

mod audit;
mod brokers;
mod command;
mod dice;
mod evidence;
mod faults;
mod load;
mod mesh;
mod process;
mod pulse;
mod records;
mod report;
mod run;
mod server;
mod tables;
mod tail;
mod users;
mod watchers;
mod write;

pub use command::{Arguments, run};
