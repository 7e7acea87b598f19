//! The task-service as its callers see it: started as in production, on a real database and a real broker.

mod batches;
mod completing;
mod creating;
mod dates;
mod deleting;
mod events;
mod exporting;
mod fake_recurrence;
mod files;
mod filtering;
mod harness;
mod importing;
mod isolation;
mod listing;
mod matching;
mod occurrences;
mod ordering;
mod organising;
mod reminders;
mod safe_changes;
mod saved_filters;
mod searching;
mod settings;
mod structure;
mod undoing;
mod updating;
