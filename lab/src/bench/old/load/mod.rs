//! Calls under load: as many at once as there are callers, or as many a second as they are said to come.

mod closed;
mod open;
mod outcome;
mod schedule;

use std::time::Duration;

pub use closed::{closed_loop, one_by_one};
pub use open::open_loop;
pub use outcome::Outcome;

/// How long something is measured.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long calls are made before they are measured.
    pub warm_up: Duration,
    /// How long they are measured.
    pub measured: Duration,
    /// How many calls are measured at most.
    pub most: usize,
}
