//! Imports the tasks of a file: those that were not imported before are created as far as they make valid tasks, and what of
//! them could not be kept is reported.

mod content;
mod dependency_graph;
mod import;
mod known;
mod labels;
mod plan;
mod schedule;

#[cfg(any(test, fuzzing))]
pub use content::Draft;
pub use import::{ImportTasks, Imported};
