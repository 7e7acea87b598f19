//! A task has changed.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, Received},
    postgres::AsyncPgConnection,
};
use taskmesh_proto::task::v1::TaskEvent;

use super::convert::of_task;
use crate::{app::App, operations::append_records};

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
    /// Those of one user wait for each other, whichever partition they come from.
    const MOST_AT_ONCE: usize = 1_000;
    /// A record may be a moment late.
    const GATHER: Duration = Duration::from_millis(50);

    async fn handle_batch(
        &self,
        tx: &mut AsyncPgConnection,
        events: &[&Received<TaskEvent>],
    ) -> Result<(), HandleError> {
        let entries = events
            .iter()
            .map(|event| of_task(event))
            .collect::<Result<Vec<_>, _>>()?;
        append_records(tx, entries, self.app.clock.now()).await?;
        Ok(())
    }
}
