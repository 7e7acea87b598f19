//! How fast changes come to those who watch, what it costs that they do, and whether they miss anything.

mod command;
mod crowd;
mod idle;
mod latency;
mod listeners;
mod reconnects;
mod timeline;

pub use command::{Arguments, measure};
