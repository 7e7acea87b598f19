//! Judges a mesh by what it has left behind on its topics and in its tables: was anything lost, done twice, told in the wrong order?
//!
//! It only compares lists. Who ran the mesh collects them, and a test can make them up.

mod evidence;
mod judge;
mod violation;

pub use evidence::{Arrival, Change, Effect, Evidence};
pub use judge::check;
pub use violation::{Tally, Violation};

#[cfg(test)]
mod tests;
