//! Finds and locates whatever was done to records after they were made. Pure: it is given records and checkpoints, from wherever they are.
//!
//! The hash of a record covers its contents, its place and the record before. So whoever changes, moves or removes one record breaks the
//! chain there. Whoever writes all records anew from there on mends the chain, but not the checkpoints, which are signed and kept
//! elsewhere: they show it, to within the records of one checkpoint. What is younger than the last checkpoint has only its chain, and the
//! head that the service keeps.

mod chain;
mod checkpoints;
mod excerpt;
#[cfg(test)]
mod excerpt_tests;
mod finding;
mod seals;
#[cfg(test)]
mod tests;

pub use chain::ChainCheck;
pub use checkpoints::{CheckpointCheck, Examined};
pub use excerpt::{Checked, ExcerptCheck, Extent};
pub use finding::{Finding, FindingKind};
pub use seals::{SealedEnd, Seals, last_dropped};
