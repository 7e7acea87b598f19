//! The handles that operations need.

use std::sync::Arc;

use service_runtime::{clock::Clock, ids::Ids, postgres::Database};
use tokio::sync::Notify;

use crate::delivery::Channel;

/// Handles of the operations; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub database: Database,
    /// The clock of this process; what fires and what is retried goes by the database's.
    pub clock: Clock,
    pub ids: Ids,
    /// The ways out of the mesh that the operator has set up.
    pub channels: Arc<[Arc<dyn Channel>]>,
    /// Wakes the scheduler: something may fire earlier than it knows.
    pub scheduled: Arc<Notify>,
    /// Wakes the dispatcher: something is to be delivered.
    pub fired: Arc<Notify>,
    /// Has the channels prepared: a reminder fires within seconds.
    pub due_soon: Arc<Notify>,
}

impl App {
    pub fn new(
        database: Database,
        clock: Clock,
        ids: Ids,
        channels: Vec<Arc<dyn Channel>>,
    ) -> Self {
        Self {
            database,
            clock,
            ids,
            channels: channels.into(),
            scheduled: Arc::default(),
            fired: Arc::default(),
            due_soon: Arc::default(),
        }
    }
}
