use service_runtime::{clock::Clock, ids::Ids, postgres::Database};

use crate::{
    operations::TaskCreator,
    rpc::recurrence_client::RecurrenceClient,
    store::{TaskReader, search::PendingWords},
};

/// Handles that operations work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Database.
    pub database: Database,
    /// Reader of single tasks.
    pub tasks: TaskReader,
    /// Creator of single tasks.
    pub creator: TaskCreator,
    /// Clock.
    pub clock: Clock,
    /// Tasks with words in the pending list of the search index.
    pub pending_words: PendingWords,
    /// Source of new ids.
    pub ids: Ids,
    /// Client of the recurrence-service.
    pub recurrence: RecurrenceClient,
}
