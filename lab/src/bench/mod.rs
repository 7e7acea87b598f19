//! `./dev bench`: benchmarks of the mesh and its services, with their goals.

mod command;
mod flows;
mod load;
mod mesh;
mod old;
mod report;

pub use command::{Arguments, run};
