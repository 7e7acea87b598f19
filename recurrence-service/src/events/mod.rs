//! Events that this service consumes.

mod convert;
mod on_occurrence_completed;

pub use on_occurrence_completed::OnOccurrenceCompleted;
