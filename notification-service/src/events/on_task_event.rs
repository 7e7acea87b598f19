//! A task has changed.

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, Received},
    postgres::AsyncPgConnection,
};
use taskmesh_proto::task::v1 as pb;

use super::convert::watched_task;
use crate::{app::App, operations::observe_task};

/// Keeps reminders in step with tasks.
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
    type Event = pb::TaskEvent;

    async fn handle(
        &self,
        tx: &mut AsyncPgConnection,
        event: &Received<pb::TaskEvent>,
    ) -> Result<(), HandleError> {
        let task = watched_task(event.message.clone())
            .map_err(|malformed| HandleError::Reject(malformed.to_string()))?;
        if observe_task(tx, &self.app.ids, &task).await? {
            // The commit is yet to come; the scheduler looks several times within the next moments.
            self.app.scheduled.notify_one();
        }
        Ok(())
    }
}
