//! What seals records while the service runs, and what carries the seals out of the database.

mod file;
mod sealer;

pub use file::CheckpointFile;
pub use sealer::Sealer;
