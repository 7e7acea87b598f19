//! `taskmesh up`: the whole mesh in this process.

mod addresses;
mod arguments;
mod command;
pub mod database;
pub mod mesh;
pub mod ports;
pub mod progress;
pub mod settings;
mod welcome;

pub use arguments::Arguments;
pub use command::run;
