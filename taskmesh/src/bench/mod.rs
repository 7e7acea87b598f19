//! `taskmesh bench`: figures of a running mesh, for people as a table and for programs as JSON.

mod command;
mod figures;
mod flows;
mod mesh;

pub use command::{Arguments, run};
