//! `./dev bench`: benchmarks of the mesh and its services, with their goals.

mod api;
mod command;
mod data;
mod flows;
mod load;
mod mesh;
mod old;
mod report;
mod search;

pub use command::{Arguments, run};
