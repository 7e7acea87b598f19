use std::sync::Arc;

use service_runtime::{clock::Clock, ids::Ids, postgres::Database};
use tokio::sync::Notify;

use crate::{rpc::recurrence_client::RecurrenceClient, store::TaskReader};

/// Handles that operations work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Database.
    pub database: Database,
    /// Reader of single tasks.
    pub tasks: TaskReader,
    /// Clock.
    pub clock: Clock,
    /// Source of new ids.
    pub ids: Ids,
    /// Client of the recurrence-service.
    pub recurrence: RecurrenceClient,
    /// Wakes the task that adds new words to the search index.
    pub new_words: Arc<Notify>,
}
