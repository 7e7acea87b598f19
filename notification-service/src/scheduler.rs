//! Fires reminders on time.
//!
//! Nothing is kept in memory that the database does not know better: the scheduler asks in how long the next reminder fires, by
//! the database's clock, sleeps exactly that long (at most five seconds) and fires what is due. A commit with an earlier reminder
//! wakes it. Many schedulers can work on one database; each reminder is fired by the one that locks its row.

use std::time::Duration;

use futures::future::try_join_all;
use service_runtime::BoxError;
use tokio_util::sync::CancellationToken;

use crate::{app::App, error::Error, operations, poll_backoff::PollBackoff};

/// Reminders per transaction.
const BATCH: i64 = 100;
/// Concurrent transactions when many reminders are due at once.
const SIDE_BY_SIDE: usize = 4;

/// Microseconds before a reminder fires at which the channels are prepared.
const WARM_UP_US: i64 = 5_000_000;

pub struct Scheduler {
    app: App,
    backoff: PollBackoff,
    /// Whether the last round left more that is due.
    crowded: bool,
}

impl Scheduler {
    pub fn new(app: App) -> Self {
        Self {
            app,
            backoff: PollBackoff::default(),
            crowded: false,
        }
    }

    /// Runs until shutdown.
    pub async fn run(mut self, stopping: CancellationToken) -> Result<(), BoxError> {
        let app = self.app.clone();
        loop {
            let wait = match self.round().await {
                Ok(wait) => {
                    self.backoff.succeeded();
                    wait
                }
                Err(cause) => self.backoff.failed("scheduler", &cause),
            };
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = app.scheduled.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Fires what is due, and returns how long to wait before looking again.
    async fn round(&mut self) -> Result<Duration, Error> {
        let batches = if self.crowded { SIDE_BY_SIDE } else { 1 };
        let firing = (0..batches).map(|_| operations::fire_reminders(&self.app, BATCH));
        let fired = try_join_all(firing).await?;
        let full = |count| i64::try_from(count).is_ok_and(|count| count == BATCH);
        self.crowded = fired.iter().any(|fired| full(fired.count));
        if fired.iter().any(|fired| fired.count > 0) {
            return Ok(Duration::ZERO);
        }
        let next_in_us = fired.iter().filter_map(|fired| fired.next_in_us).min();
        let wake_in_us = match next_in_us {
            Some(next) if next > WARM_UP_US => Some(next - WARM_UP_US),
            Some(next) => {
                self.app.due_soon.notify_one();
                Some(next)
            }
            None => None,
        };
        Ok(self.backoff.wait(wake_in_us))
    }
}
