//! A reminder has taken a step.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, Received},
    postgres::AsyncPgConnection,
};
use taskmesh_proto::notification::v1::ReminderEvent;

use super::convert::of_reminder;
use crate::{app::App, operations::append_records};

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
    /// Those of one user wait for each other, whichever partition they come from.
    const MOST_AT_ONCE: usize = 1_000;
    /// A record may be a moment late.
    const GATHER: Duration = Duration::from_millis(50);

    async fn handle_batch(
        &self,
        tx: &mut AsyncPgConnection,
        events: &[&Received<ReminderEvent>],
    ) -> Result<(), HandleError> {
        let entries = events
            .iter()
            .map(|event| of_reminder(event))
            .collect::<Result<Vec<_>, _>>()?;
        append_records(tx, entries, self.app.clock.now()).await?;
        Ok(())
    }
}
