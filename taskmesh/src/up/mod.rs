//! `taskmesh up`: the whole mesh in this process.

mod addresses;
mod arguments;
mod command;
mod database;
mod mesh;
mod ports;
mod progress;
pub mod settings;
mod welcome;

pub use arguments::Arguments;
pub use command::run;
