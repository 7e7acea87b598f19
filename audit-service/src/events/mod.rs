//! Events that this service emits and those that it records.

mod convert;
mod differences;
pub mod emit;
mod recorder;

pub use recorder::Recorder;
