//! The check of exported records against the checkpoint file. Each line is read and hashed by any core; the chains are put together in the
//! order of the lines. Of what was read, only the ends that checkpoints have sealed stay in memory.

mod arguments;
pub mod checkpoints;
mod lines;
mod records;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub use arguments::Arguments;
pub use run::{run, verify};
