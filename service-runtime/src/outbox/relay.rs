//! Publishes the events of one outbox: each of them, in the order of its key. One relay of an outbox is active, the others stand by.
//!
//! A round deletes what the broker acknowledged in the round before, reads the next events in the order of their ids, sends them, and waits
//! for all results. The id of an event is drawn after its aggregate's row is locked, so ids order the events of a key, and a snapshot that
//! contains an event contains all earlier ones of its key. Events that commit late are found by the next read: no position can pass them.
//!
//! A crash before the delete repeats at most one batch, with the same event ids, and the inboxes drop it. The same is true of a relay that was
//! frozen, lost its session and sends late: it sends nothing that the next relay does not send too.

use std::{collections::HashSet, mem, time::Duration};

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    metrics,
    pace::Pace,
    read_floor::ReadFloor,
    relay_connection::RelayConnection,
    sender::{SendError, Sender},
    store::{self, OutboxRow},
};
use crate::{
    BoxError,
    backoff::Backoff,
    kafka::KafkaConfig,
    postgres::{Database, DatabaseError},
};

const STOP_TIMEOUT: Duration = Duration::from_secs(1);
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Send(#[from] SendError),
}

pub(crate) struct Relay {
    database: Database,
    source: &'static str,
    pace: Pace,
    connection: RelayConnection,
    sender: Sender,
    /// Ids of events that the broker has acknowledged and that are not deleted yet.
    acknowledged: Vec<i64>,
    floor: ReadFloor,
    is_active: bool,
    /// Whether this process has committed events.
    has_news: bool,
}

impl Relay {
    pub(crate) fn new(
        database: Database,
        kafka: KafkaConfig,
        source: &'static str,
        pace: Pace,
    ) -> Self {
        Self {
            connection: RelayConnection::new(database.clone(), &pace),
            sender: Sender::new(kafka, source),
            database,
            source,
            pace,
            acknowledged: Vec::new(),
            floor: ReadFloor::default(),
            is_active: false,
            has_news: false,
        }
    }

    /// Runs until the process stops; another relay takes over then.
    pub(crate) async fn run(mut self, stopping: CancellationToken) -> Result<(), BoxError> {
        metrics::describe();
        let mut failures = 0;
        loop {
            let began = Instant::now();
            let round = tokio::select! {
                round = self.round() => round,
                // The next relay sends again what the broker has not acknowledged by then.
                () = grace_over(&stopping) => break,
            };
            let wait = match round {
                Ok(wait) => {
                    failures = 0;
                    wait
                }
                Err(error) => {
                    failures += 1;
                    self.recover(error, failures).await;
                    BACKOFF.delay(failures)
                }
            };
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                () = self.database.appended.notified(), if failures == 0 => {
                    self.has_news = true;
                    tokio::time::sleep_until(began + self.pace.linger).await;
                }
                () = self.connection.notified(), if failures == 0 => {
                    tokio::time::sleep_until(began + self.pace.linger).await;
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
        // Before another relay sends later events.
        self.sender.abort().await;
        if !self.acknowledged.is_empty()
            && let Ok(connection) = self.connection.get()
        {
            let deleting = store::delete_and_read(connection, &self.acknowledged, i64::MAX, 0);
            timeout(STOP_TIMEOUT, deleting).await??;
        }
        self.connection.close();
        metrics::active(self.database.schema(), false);
        Ok(())
    }

    /// Sends one batch; returns how long to wait for the next round if nothing wakes the relay.
    async fn round(&mut self) -> Result<Duration, RelayError> {
        let schema = self.database.schema();
        let is_active = self.connection.acquire().await?;
        if is_active != self.is_active {
            info!(
                "outbox relay of {} is {}",
                self.source,
                if is_active { "active" } else { "standing by" }
            );
            self.is_active = is_active;
        }
        metrics::active(schema, is_active);
        let has_news = mem::take(&mut self.has_news);
        if !is_active {
            metrics::oldest(schema, 0.0);
            if has_news {
                store::notify_active(self.connection.get()?, schema).await?;
            }
            return Ok(self.pace.takeover);
        }
        self.connection.clear_notifications();
        let acknowledged = mem::take(&mut self.acknowledged);
        let connection = self.connection.get()?;
        let page =
            store::delete_and_read(connection, &acknowledged, self.floor.id(), self.pace.batch)
                .await?;
        let oldest = page.rows.first().map_or(0.0, |row| row.age_seconds);
        metrics::oldest(schema, oldest);
        if page.rows.is_empty() {
            return Ok(self.pace.poll);
        }
        let results = self.send(&page.rows).await?;
        self.acknowledged = acknowledged_ids(&page.rows, &results);
        metrics::batch(schema, page.rows.len(), self.acknowledged.len());
        if let Some(error) = results.into_iter().find_map(Result::err) {
            return Err(error.into());
        }
        self.floor
            .advance(&page, acknowledged.iter().copied().max());
        Ok(if page.is_full {
            Duration::ZERO
        } else {
            self.pace.flush
        })
    }

    /// Sends events while the session is alive: a slow broker must not let it time out, and a relay that has lost it must not send on.
    async fn send(&mut self, rows: &[OutboxRow]) -> Result<Vec<Result<(), SendError>>, RelayError> {
        let sending = self.sender.send(rows);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                results = &mut sending => return Ok(results?),
                () = tokio::time::sleep(self.pace.poll) => self.connection.keep_alive().await?,
            }
        }
    }

    /// Discards unacknowledged records, and the session if that failed. What the server has not written to disk may be undone after a crash, so a
    /// new session begins with what the table holds.
    async fn recover(&mut self, error: RelayError, failures: u32) {
        metrics::error(self.database.schema());
        self.sender.abort().await;
        if matches!(error, RelayError::Database(_)) {
            self.connection.close();
            self.acknowledged.clear();
            self.floor = ReadFloor::default();
            self.is_active = false;
            metrics::active(self.database.schema(), false);
        }
        let error = BoxError::from(error);
        if failures == 1 {
            warn!(%error, cause = error.source().map(tracing::field::display), "outbox relay of {} failed, retrying", self.source);
        } else {
            debug!(%error, failures, "outbox relay of {} failed again, retrying", self.source);
        }
    }
}

/// Returns the ids of the events that the broker has acknowledged on all their topics, without those behind a failed event of the same key:
/// they are sent again after it.
fn acknowledged_ids(rows: &[OutboxRow], results: &[Result<(), SendError>]) -> Vec<i64> {
    let mut failed = HashSet::new();
    let mut ids = Vec::with_capacity(rows.len());
    for (row, result) in rows.iter().zip(results) {
        if result.is_err() || row.keys().any(|key| failed.contains(&key)) {
            failed.extend(row.keys());
        } else {
            ids.push(row.id);
        }
    }
    ids
}

/// Waits for the stop, and then as long as a round may still take.
async fn grace_over(stopping: &CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(STOP_TIMEOUT).await;
}

#[cfg(test)]
mod tests {
    use rdkafka::error::KafkaError;

    use super::*;
    use crate::{
        kafka::ProduceError,
        outbox::copy::{Copies, TopicCopy},
    };

    fn row(id: i64, key: &str) -> OutboxRow {
        OutboxRow {
            id,
            record_key: key.to_owned(),
            ..OutboxRow::default()
        }
    }

    #[test]
    fn failed_event_holds_back_keys_of_all_its_topics() {
        let copied = |id, key: &str| OutboxRow {
            copies: Some(Copies(vec![TopicCopy {
                topic: "copies".to_owned(),
                record_key: key.to_owned(),
                data_schema: String::new(),
                payload_length: 0,
            }])),
            ..row(id, &id.to_string())
        };
        let rows = [copied(1, "a"), copied(2, "a"), copied(3, "b")];
        let failed = Err(SendError::from(ProduceError::from(KafkaError::Canceled)));
        let results = [failed, Ok(()), Ok(())];
        assert_eq!(acknowledged_ids(&rows, &results), [3]);
    }

    #[test]
    fn events_behind_failed_one_of_their_key_are_sent_again() {
        let rows = [(1, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "c")];
        let rows = rows.map(|(id, key)| row(id, key));
        let failed = || Err(SendError::from(ProduceError::from(KafkaError::Canceled)));
        let results = [Ok(()), failed(), Ok(()), Ok(()), Ok(())];
        assert_eq!(acknowledged_ids(&rows, &results), [1, 3, 5]);
    }
}
