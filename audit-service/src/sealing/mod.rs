//! Background tasks: the sealing of records and the checkpoint file.

mod file;
mod sealer;

pub use file::CheckpointFile;
pub use sealer::run_sealer;
