use service_runtime::{clock::Clock, ids::Ids, postgres::Database};

use crate::{
    operations::PendingWords, rpc::recurrence_client::RecurrenceClient, store::TaskReader,
};

/// Handles that operations work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Database.
    pub database: Database,
    /// Reader of single tasks.
    pub tasks: TaskReader,
    /// Clock.
    pub clock: Clock,
    /// Words that the search index has yet to take in.
    pub pending_words: PendingWords,
    /// Source of new ids.
    pub ids: Ids,
    /// Client of the recurrence-service.
    pub recurrence: RecurrenceClient,
}
