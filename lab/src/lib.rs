//! Benchmarks, chaos runs and their checker: measures a mesh and proves its promises. Never shipped.

pub mod bench;
pub mod chaos;
pub mod checker;
mod live_client;
pub mod serve;
