//! The handles that operations need.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use service_runtime::{clock::Clock, ids::Ids, postgres::Database};
use tokio::sync::Notify;

use crate::{delivery::Channel, poll_backoff::SAFETY_POLL};

/// Largest assumed difference between the clocks of this process and of the database.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// Handles of the operations; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub database: Database,
    /// The clock of this process; what fires and what is retried goes by the database's.
    pub clock: Clock,
    pub ids: Ids,
    /// The ways out of the mesh that the operator has set up.
    pub channels: Arc<[Arc<dyn Channel>]>,
    /// Wakes the scheduler: a reminder that it may not know of fires soon.
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

    /// Wakes the scheduler after the commit of a new fire time, unless its next poll is early enough.
    pub fn scheduled_at(&self, fire_time: Option<DateTime<Utc>>) {
        let next_poll = self.clock.now() + SAFETY_POLL + MAX_CLOCK_DIFFERENCE;
        if fire_time.is_some_and(|fire_time| fire_time < next_poll) {
            self.scheduled.notify_one();
        }
    }
}
