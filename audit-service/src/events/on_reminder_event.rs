//! A reminder has taken a step.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, InboxBatch, Known, Received},
    postgres::Database,
};
use taskmesh_proto::notification::v1::ReminderEvent;

use super::convert::of_reminder;
use crate::app::App;

/// Records what becomes of reminders.
pub struct OnReminderEvent {
    app: App,
}

impl OnReminderEvent {
    /// Returns the handler.
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl EventHandler for OnReminderEvent {
    type Event = ReminderEvent;
    /// The partitions take turns, so each of them has much to do at once.
    const MAX_BATCH: usize = 1_000;
    /// A record may be a moment late.
    const LINGER: Duration = Duration::from_millis(50);

    async fn commit(
        &self,
        _database: &Database,
        inbox: InboxBatch,
        events: &[&Received<ReminderEvent>],
    ) -> Result<Vec<Known>, HandleError> {
        let entries = events
            .iter()
            .map(|event| of_reminder(event))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.app.writer.append_events(inbox, entries).await?)
    }
}
