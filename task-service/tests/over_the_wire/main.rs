//! The task-service as its callers see it: started as in production, on a real database and a real broker.

mod completing;
mod creating;
mod deleting;
mod events;
mod fake_recurrence;
mod harness;
mod isolation;
mod listing;
mod occurrences;
mod reminders;
mod updating;
