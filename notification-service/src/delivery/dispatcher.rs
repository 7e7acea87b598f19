//! Tries what waits for delivery, several at a time.

use std::time::Duration;

use service_runtime::BoxError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error, warn};

use super::attempt;
use crate::{
    app::App,
    error::Error,
    operations,
    poll_backoff::{PollBackoff, SAFETY_POLL},
};

/// Maximum number of concurrent attempts.
const MOST_TRIES: usize = 16;
/// Duration of a claim beyond the time limit of its first step.
const MARGIN: Duration = Duration::from_secs(5);

pub struct Dispatcher {
    app: App,
    tries: JoinSet<()>,
    backoff: PollBackoff,
}

impl Dispatcher {
    /// Returns a dispatcher. Several may work on one database; each delivery is claimed by one.
    pub fn new(app: App) -> Self {
        Self {
            app,
            tries: JoinSet::new(),
            backoff: PollBackoff::default(),
        }
    }

    /// Runs until shutdown; waits for the attempts in flight then.
    pub async fn run(mut self, stopping: CancellationToken) -> Result<(), BoxError> {
        let app = self.app.clone();
        loop {
            let wait = match self.round(&stopping).await {
                Ok(wait) => {
                    self.backoff.succeeded();
                    wait
                }
                Err(cause) => self.backoff.failed("dispatcher", &cause),
            };
            tokio::select! {
                () = stopping.cancelled() => break,
                () = app.fired.notified() => {}
                Some(ended) = self.tries.join_next() => note(ended),
                () = tokio::time::sleep(wait) => {}
            }
        }
        while let Some(ended) = self.tries.join_next().await {
            note(ended);
        }
        Ok(())
    }

    /// Claims as much as can be tried at once, and returns how long to wait before looking again.
    async fn round(&mut self, stopping: &CancellationToken) -> Result<Duration, Error> {
        let free = MOST_TRIES.saturating_sub(self.tries.len());
        if free == 0 {
            // The end of a try comes first.
            return Ok(SAFETY_POLL);
        }
        let patience = patience(&self.app);
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let claimed = operations::claim_deliveries(&self.app, patience, limit).await?;
        let wait = if claimed.due.is_empty() {
            self.backoff.wait(claimed.next_in_us)
        } else {
            Duration::ZERO
        };
        for delivery in claimed.due {
            let (app, stopping) = (self.app.clone(), stopping.clone());
            self.tries.spawn(
                async move { attempt::attempt(&app, delivery, &stopping).await }
                    .instrument(Span::current()),
            );
        }
        Ok(wait)
    }
}

/// Returns the duration of a claim, which exceeds the first step of the slowest channel.
fn patience(app: &App) -> Duration {
    let slowest = app.channels.iter().map(|channel| channel.patience()).max();
    slowest.unwrap_or_default() + MARGIN
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    match ended {
        Ok(()) => {}
        Err(panic) if panic.is_panic() => {
            error!(error = %panic, "delivery attempt panicked, retrying when its claim expires");
        }
        Err(cancelled) => warn!(error = %cancelled, "delivery attempt was aborted"),
    }
}
