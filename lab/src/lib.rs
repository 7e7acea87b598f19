//! Benchmarks, chaos runs and their checker: measures a mesh and proves its promises. Never shipped.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a run end with its process"
)]

mod bearer;
pub mod bench;
pub mod chaos;
pub mod checker;
mod live_client;
pub mod serve;
