//! Detection and location of tampering. Pure: it is given records and checkpoints, from any source.
//!
//! The hash of a record covers its content, its position and the previous record, so that changing, moving or removing one record breaks the
//! chain there. Rewriting all later records repairs the chain, but not the checkpoints, which are signed and kept elsewhere: they show it, to
//! within the records of one checkpoint. Records after the last checkpoint are covered only by their chain and by the head that the service
//! keeps.

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
