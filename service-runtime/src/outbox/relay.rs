//! Carries events from the outbox to the broker: every one, in the order of its key. Several relays share an outbox by its lanes.
//!
//! A round reads what has appeared since the positions of the relay's lanes, hands it to the broker, waits for all answers, and writes
//! the new positions down. A crash between the last two has the batch sent again, with the same event ids: never a loss.

use std::{collections::HashSet, mem, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use uuid::Uuid;

use super::{
    batch::Batch,
    holding::Holding,
    link::{Link, Notice},
    metrics,
    position::Outcome,
    sender::{SendError, Sender},
    store::{self, OutboxRow},
};
use crate::{
    BoxError,
    backoff::Backoff,
    kafka::KafkaConfig,
    postgres::{Database, DatabaseError},
};

const LANES: usize = 16;
/// Other processes are woken no more often than this.
const WAKE_EVERY: Duration = Duration::from_millis(10);
/// So many events at most find out whether a broker that has failed is back: each try reads them again and keeps them in memory.
const PROBE: usize = 100;
const STOP_PATIENCE: Duration = Duration::from_secs(1);
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));

/// How often a relay does what it does, and how much at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// A relay that is silent for so long loses its lanes.
    pub lease: Duration,
    /// How often it says that it is alive.
    pub renew: Duration,
    /// A round begins no sooner after the one before, so that events which follow each other closely go together. The first one after
    /// a silence does not wait.
    pub gather: Duration,
    /// How often it looks for events that nobody has told it of.
    pub poll: Duration,
    /// How often it writes all positions down and empties a partition.
    pub tidy: Duration,
    /// So many events go to the broker at once.
    pub batch: usize,
    /// So many events that become visible at once are sorted; a larger set is read along the index of ids.
    pub most_sorted: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(3),
            renew: Duration::from_millis(750),
            gather: Duration::from_millis(5),
            poll: Duration::from_millis(250),
            tidy: Duration::from_secs(30),
            batch: 2_000,
            most_sorted: 10_000,
        }
    }
}

impl Pace {
    /// Returns this pace with so many events at once, or fewer.
    fn with_batch(self, most: usize) -> Self {
        Self {
            batch: self.batch.min(most),
            ..self
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the lease of the outbox was lost")]
    LeaseLost,
}

pub(crate) struct Relay {
    database: Database,
    source: &'static str,
    id: Uuid,
    pace: Pace,
    link: Link,
    holding: Holding,
    sender: Sender,
    /// Whether events were committed here that may lie in lanes of others.
    has_news: bool,
    /// Whether the last batch failed.
    is_failing: bool,
    wake_at: Instant,
    tidy_at: Instant,
}

impl Relay {
    pub(crate) fn new(
        database: Database,
        kafka: KafkaConfig,
        source: &'static str,
        id: Uuid,
        pace: Pace,
    ) -> Self {
        Self {
            link: Link::new(database.clone(), id),
            holding: Holding::new(id, pace.lease, pace.renew),
            sender: Sender::new(kafka, source),
            database,
            source,
            id,
            pace,
            has_news: false,
            is_failing: false,
            wake_at: Instant::now(),
            tidy_at: Instant::now() + pace.tidy,
        }
    }

    /// Runs until it is told to stop; gives its lanes back then.
    pub(crate) async fn run(mut self, stopping: CancellationToken) -> Result<(), BoxError> {
        metrics::describe();
        let mut failures = 0;
        loop {
            let began = Instant::now();
            let round = tokio::select! {
                round = self.round() => round,
                // What the broker does not acknowledge by then is sent again by whoever owns the lanes next.
                () = patience(&stopping) => break,
            };
            let until = match round {
                Ok(until) => {
                    failures = 0;
                    until
                }
                Err(error) => {
                    failures += 1;
                    self.is_failing = true;
                    self.tell_of(error, failures);
                    self.sender.give_up().await;
                    self.link.close();
                    self.holding.doubt();
                    Instant::now() + BACKOFF.delay(failures)
                }
            };
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                () = self.database.appended.notified(), if failures == 0 => {
                    self.has_news = true;
                    tokio::time::sleep_until(began + self.pace.gather).await;
                }
                notice = self.link.notice(), if failures == 0 => match notice {
                    Notice::Share => self.holding.renew_in(Duration::ZERO),
                    Notice::Events => tokio::time::sleep_until(began + self.pace.gather).await,
                },
                () = tokio::time::sleep_until(until) => {}
            }
        }
        // Before another relay sends what comes behind it.
        self.sender.give_up().await;
        // The connection may be in the middle of a statement.
        self.link.close();
        timeout(STOP_PATIENCE, self.leave()).await??;
        Ok(())
    }

    async fn leave(&mut self) -> Result<(), DatabaseError> {
        store::leave(self.link.open().await?, self.id).await?;
        metrics::lanes_owned(self.database.schema(), 0);
        Ok(())
    }

    /// Sends one batch; returns when the next round is due if nothing happens before.
    async fn round(&mut self) -> Result<Instant, RelayError> {
        let schema = self.database.schema();
        if self.holding.renew_at() <= Instant::now() {
            self.holding.renew(&mut self.link, true).await?;
            metrics::lanes_owned(schema, self.holding.count());
        }
        let wake = self.wake_others().await?;
        // What a database that was away has kept it from writing down.
        self.holding.write_down(&mut self.link, false).await?;
        if self.holding.count() == 0 {
            return Ok(self.holding.renew_at());
        }
        let connection = self.link.open().await?;
        let snapshot = store::current_snapshot(connection).await?;
        let groups = self.holding.behind(&snapshot);
        let pace = match self.is_failing {
            true => self.pace.with_batch(PROBE),
            false => self.pace,
        };
        let batch = Batch::read(connection, groups, &snapshot, &pace).await?;
        let is_followed = batch.is_followed(&snapshot);
        self.send(batch).await?;
        self.tidy().await?;
        metrics::oldest(schema, self.holding.oldest_age().as_secs_f64());
        if is_followed {
            return Ok(Instant::now());
        }
        let poll = Instant::now() + self.pace.poll;
        let others = [wake, self.holding.next_retry()];
        let next = others.into_iter().flatten().fold(poll, Instant::min);
        Ok(next.min(self.holding.renew_at()))
    }

    /// Sends events, and writes down how far their lanes are.
    async fn send(&mut self, mut batch: Batch) -> Result<(), RelayError> {
        let rows = mem::take(&mut batch.rows);
        let mut outcomes: Vec<Outcome> = rows.iter().map(Outcome::unknown).collect();
        let mut failure = None;
        if !rows.is_empty() {
            let results = self.send_under_lease(rows).await?;
            for (outcome, result) in outcomes.iter_mut().zip(results) {
                outcome.is_acknowledged = result.is_ok();
                failure = failure.or(result.err());
            }
            let acknowledged = outcomes.iter().filter(|outcome| outcome.is_acknowledged);
            metrics::batch(self.database.schema(), outcomes.len(), acknowledged.count());
            self.is_failing = failure.is_some();
        }
        let with_events: HashSet<i16> = outcomes.iter().map(|outcome| outcome.lane).collect();
        let mut failures = 0;
        for progress in batch.progress(&outcomes) {
            for (lane, position) in progress.moved {
                let has_sent = with_events.contains(&lane);
                self.holding.advance(lane, position, has_sent);
            }
            for (lane, since) in progress.failed {
                failures = failures.max(self.holding.fail(lane, since));
            }
        }
        if let Some(error) = failure {
            self.tell_of(error.into(), failures);
            self.sender.give_up().await;
        }
        self.holding.write_down(&mut self.link, false).await?;
        Ok(())
    }

    /// Sends events while the lease is held; a slow broker does not cost the lease, and a lost lease or connection does not wait for the
    /// broker.
    async fn send_under_lease(
        &mut self,
        rows: Vec<OutboxRow>,
    ) -> Result<Vec<Result<(), SendError>>, RelayError> {
        let schema = self.database.schema();
        let lanes: HashSet<i16> = rows.iter().map(|row| row.lane).collect();
        let epochs = self.holding.epochs(&lanes);
        let began = Instant::now();
        let oldest = rows.iter().map(|row| row.age_seconds).fold(0.0, f64::max);
        if began >= self.holding.valid_until() {
            return Err(RelayError::LeaseLost);
        }
        let sending = self.sender.send(rows);
        tokio::pin!(sending);
        loop {
            let age = (began.elapsed().as_secs_f64() + oldest)
                .max(self.holding.oldest_age().as_secs_f64());
            metrics::oldest(schema, age);
            tokio::select! {
                results = &mut sending => return Ok(results?),
                () = tokio::time::sleep_until(self.holding.renew_at()) => {
                    let end = self.holding.valid_until();
                    let renewal = self.holding.renew(&mut self.link, false);
                    match timeout_at(end, renewal).await {
                        Ok(Ok(())) if self.holding.epochs(&lanes) == epochs => {}
                        // What the batch leads to is in doubt with the connection that has read it.
                        Ok(Err(error)) => return Err(error.into()),
                        _ => return Err(RelayError::LeaseLost),
                    }
                }
            }
        }
    }

    /// Wakes the relays of other processes, if what was committed here may lie in their lanes; returns when that is due if it is
    /// too early now.
    async fn wake_others(&mut self) -> Result<Option<Instant>, RelayError> {
        if !self.has_news || self.holding.count() == LANES {
            self.has_news = false;
            return Ok(None);
        }
        if Instant::now() < self.wake_at {
            return Ok(Some(self.wake_at));
        }
        self.has_news = false;
        self.wake_at = Instant::now() + WAKE_EVERY;
        store::wake_others(self.link.open().await?, self.id).await?;
        Ok(None)
    }

    /// Once in a while writes down how far all lanes are, and empties a partition that everyone is past.
    async fn tidy(&mut self) -> Result<(), RelayError> {
        if Instant::now() < self.tidy_at {
            return Ok(());
        }
        self.tidy_at = Instant::now() + self.pace.tidy;
        self.holding.write_down(&mut self.link, true).await?;
        if self.holding.is_first() && store::empty_oldest(self.link.open().await?).await? {
            debug!("emptied a partition of the outbox of {}", self.source);
        }
        Ok(())
    }

    fn tell_of(&self, error: RelayError, failures: u32) {
        metrics::error(self.database.schema());
        let error = BoxError::from(error);
        if failures == 1 {
            warn!(%error, cause = error.source().map(tracing::field::display), "relay of {} stumbled and goes on", self.source);
        } else {
            debug!(%error, failures, "relay of {} stumbles still", self.source);
        }
    }
}

/// Waits for the stop, and then for as long as a round may still take.
async fn patience(stopping: &CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(STOP_PATIENCE).await;
}
