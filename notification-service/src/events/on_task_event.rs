//! A task has changed.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, Received},
    postgres::AsyncPgConnection,
};
use taskmesh_proto::task::v1 as pb;

use super::convert::watched_task;
use crate::{
    app::App,
    operations::{Observation, observe_tasks},
};

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

    async fn handle_batch(
        &self,
        tx: &mut AsyncPgConnection,
        events: &[&Received<pb::TaskEvent>],
    ) -> Result<(), HandleError> {
        let observations = events
            .iter()
            .map(|event| {
                let actor = event.message.actor.clone().unwrap_or_default();
                let task = watched_task(event.message.clone())
                    .map_err(|malformed| HandleError::Reject(malformed.to_string()))?;
                let trace = event.trace();
                Ok(Observation { task, trace, actor })
            })
            .collect::<Result<Vec<_>, HandleError>>()?;
        if observe_tasks(tx, &self.app.ids, &observations).await? {
            // The commit is yet to come; the scheduler looks several times within the next moments.
            self.app.scheduled.notify_one();
        }
        Ok(())
    }
}
