//! `./dev bench search`: searches of every kind.

mod command;
mod queries;

pub use command::{Arguments, measure};
