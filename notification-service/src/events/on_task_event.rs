//! A task has changed.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, InboxBatch, Known, Received},
    postgres::Database,
};
use taskmesh_proto::task::v1 as pb;

use super::convert::watched_task;
use crate::{app::App, operations::observe_tasks};

/// Keeps reminders in step with tasks.
pub struct OnTaskEvent {
    app: App,
}

impl OnTaskEvent {
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl EventHandler for OnTaskEvent {
    type Event = pb::TaskEvent;
    /// Reminders that are due meanwhile fire at once.
    const LINGER: Duration = Duration::from_millis(20);

    async fn commit(
        &self,
        database: &Database,
        inbox: InboxBatch,
        events: &[&Received<pb::TaskEvent>],
    ) -> Result<Vec<Known>, HandleError> {
        let (known, fire_time) = database
            .transaction("consume", async |tx| {
                let (known, new) = inbox.insert_new(tx, events).await?;
                let tasks = new
                    .into_iter()
                    .map(|event| watched_task(event.message.clone()))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|malformed| HandleError::Reject(malformed.to_string()))?;
                let fire_time = observe_tasks(tx, &self.app.ids, &tasks).await?;
                Ok::<_, HandleError>((known, fire_time))
            })
            .await?;
        self.app.scheduled_at(fire_time);
        Ok(known)
    }
}
