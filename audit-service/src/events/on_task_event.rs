//! A task has changed.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, InboxBatch, Known, Received},
    postgres::Database,
};
use taskmesh_proto::task::v1::TaskEvent;

use super::convert::of_task;
use crate::app::App;

/// Records what becomes of tasks.
pub struct OnTaskEvent {
    app: App,
}

impl OnTaskEvent {
    /// Returns the handler.
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl EventHandler for OnTaskEvent {
    type Event = TaskEvent;
    /// The partitions take turns, so each of them has much to do at once.
    const MAX_BATCH: usize = 1_000;
    /// A record may be a moment late.
    const LINGER: Duration = Duration::from_millis(50);

    async fn commit(
        &self,
        _database: &Database,
        inbox: InboxBatch,
        events: &[&Received<TaskEvent>],
    ) -> Result<Vec<Known>, HandleError> {
        let entries = events
            .iter()
            .map(|event| of_task(event))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.app.writer.append_events(inbox, entries).await?)
    }
}
