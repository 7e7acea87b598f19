//! What this service listens to.

mod convert;
mod on_occurrence_completed;

pub use on_occurrence_completed::OnOccurrenceCompleted;
