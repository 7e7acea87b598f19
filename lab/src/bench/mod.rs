//! `./dev bench`: benchmarks of the mesh and its services, with their goals.

mod api;
mod command;
mod data;
mod events;
mod flows;
mod live;
mod load;
mod mesh;
mod report;
mod search;
mod servers;

pub use command::{Arguments, run};
