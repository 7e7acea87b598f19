//! Carries events from the outbox to the broker: every one, in the order of its key, by one process at a time.
//!
//! Rows are read in the order of their ids among the transactions that may not be done with (`tx >= low_tx`), without those
//! that the broker has acknowledged. A crash forgets which ones those were, so their events are sent again with the same
//! ids: duplicates within bounds, never a loss.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::relay_store::{self, OutboxRow};
use crate::{
    BoxError,
    backoff::Backoff,
    kafka::{EventHeaders, KafkaConfig, ProduceError, Producer, Record},
    postgres::{Database, DatabaseError},
};

const LEASE: TimeDelta = TimeDelta::seconds(2);
const RENEW_AFTER: Duration = Duration::from_millis(500);
const STANDBY: Duration = Duration::from_millis(500);
const SAFETY_POLL: Duration = Duration::from_millis(250);
const STOP_PATIENCE: Duration = Duration::from_secs(1);
const BATCH: i64 = 500;
const KEEP: TimeDelta = TimeDelta::hours(1);
const CLEAN_EVERY: Duration = Duration::from_secs(60);
const CLEAN_BATCH: i64 = 5_000;
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Produce(#[from] ProduceError),
}

/// Whether this process may relay.
enum Lease {
    Held,
    Elsewhere,
}

pub(crate) struct Relay {
    database: Database,
    kafka: KafkaConfig,
    source: &'static str,
    owner: Uuid,
    producer: Option<Producer>,
    /// Every row with a smaller tx is acknowledged.
    low_tx: String,
    /// Acknowledged rows at or above `low_tx`.
    acknowledged: Vec<i64>,
    last_cleaning: Instant,
    last_renewal: Option<Instant>,
}

impl Relay {
    pub(crate) fn new(
        database: Database,
        kafka: KafkaConfig,
        source: &'static str,
        owner: Uuid,
    ) -> Self {
        Self {
            database,
            kafka,
            source,
            owner,
            producer: None,
            low_tx: String::new(),
            acknowledged: Vec::new(),
            last_cleaning: Instant::now(),
            last_renewal: None,
        }
    }

    /// Runs until it is told to stop; gives the lease back then.
    pub(crate) async fn run(mut self, stopping: CancellationToken) -> Result<(), BoxError> {
        let mut failures = 0;
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                // What the broker does not acknowledge by then is sent again by whoever relays next.
                () = patience(&stopping) => break,
            };
            let wait = match round {
                Ok(Some(wait)) => {
                    failures = 0;
                    wait
                }
                // More is waiting already.
                Ok(None) => {
                    failures = 0;
                    Duration::ZERO
                }
                Err(error) => {
                    failures += 1;
                    metrics::counter!("outbox_relay_errors_total").increment(1);
                    if failures == 1 {
                        warn!(error = %BoxError::from(error), "relay of {} stumbled and goes on", self.source);
                    } else {
                        debug!(error = %BoxError::from(error), failures, "relay of {} stumbles still", self.source);
                    }
                    // What a failed producer still holds must not go out after newer events.
                    self.producer = None;
                    self.last_renewal = None;
                    BACKOFF.delay(failures)
                }
            };
            if stopping.is_cancelled() {
                break;
            }
            if wait.is_zero() {
                continue;
            }
            tokio::select! {
                () = stopping.cancelled() => break,
                () = self.database.appended.notified(), if failures == 0 => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        let mut connection = self.database.connection().await?;
        relay_store::release_lease(&mut connection, self.owner).await?;
        Ok(())
    }

    /// Sends one batch; returns how long to wait at most before the next round, or nothing if there is more.
    async fn round(&mut self) -> Result<Option<Duration>, RelayError> {
        let database = self.database.clone();
        let mut connection = database.connection().await?;
        if matches!(self.hold_lease(&mut connection).await?, Lease::Elsewhere) {
            return Ok(Some(STANDBY));
        }
        let rows = relay_store::list_unacknowledged(
            &mut connection,
            &self.low_tx,
            &self.acknowledged,
            BATCH,
        )
        .await?;
        if rows.is_empty() {
            metrics::gauge!("outbox_oldest_event_age_seconds", "schema" => database.schema())
                .set(0.0);
            if !self.acknowledged.is_empty() {
                // An older transaction held the mark back; it may be over by now.
                self.advance(&mut connection).await?;
            }
            self.clean(&mut connection).await?;
            return Ok(Some(SAFETY_POLL));
        }
        // The broker may be slow: the connection goes back to the pool meanwhile.
        drop(connection);
        let full = i64::try_from(rows.len()).is_ok_and(|sent| sent == BATCH);
        let sent = self.send(&rows).await;
        let mut connection = database.connection().await?;
        if sent.is_err() {
            let age =
                relay_store::oldest_age(&mut connection, &self.low_tx, &self.acknowledged).await?;
            metrics::gauge!("outbox_oldest_event_age_seconds", "schema" => database.schema())
                .set(age);
        }
        self.advance(&mut connection).await?;
        sent?;
        Ok((!full).then_some(SAFETY_POLL))
    }

    async fn hold_lease(
        &mut self,
        connection: &mut AsyncPgConnection,
    ) -> Result<Lease, RelayError> {
        if self
            .last_renewal
            .is_some_and(|last| last.elapsed() < RENEW_AFTER)
        {
            return Ok(Lease::Held);
        }
        let first = self.last_renewal.is_none();
        let Some(low_tx) = relay_store::acquire_lease(connection, self.owner, LEASE).await? else {
            self.last_renewal = None;
            return Ok(Lease::Elsewhere);
        };
        if first {
            info!("relays the outbox of {}", self.source);
            // Another process may have held the lease since, so what this one remembers is of no use.
            self.low_tx = low_tx;
            self.acknowledged.clear();
        }
        self.last_renewal = Some(Instant::now());
        Ok(Lease::Held)
    }

    async fn advance(&mut self, connection: &mut AsyncPgConnection) -> Result<(), RelayError> {
        let Some(low_tx) =
            relay_store::advance(connection, self.owner, &self.acknowledged, LEASE).await?
        else {
            self.last_renewal = None;
            return Ok(());
        };
        self.low_tx = low_tx;
        self.acknowledged =
            relay_store::list_above(connection, &self.low_tx, &self.acknowledged).await?;
        self.last_renewal = Some(Instant::now());
        Ok(())
    }

    /// Sends the rows in their order and waits for the broker; remembers those it acknowledged.
    async fn send(&mut self, rows: &[OutboxRow]) -> Result<(), RelayError> {
        let producer = match &self.producer {
            Some(producer) => producer,
            None => self.producer.insert(Producer::new(&self.kafka)?),
        };
        let records = rows
            .iter()
            .map(|row| self.kafka.record(self.source, row))
            .collect();
        let outcomes = producer.send_all(records).await;
        let mut failure = None;
        let mut sent = 0_u64;
        for (row, outcome) in rows.iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    sent += 1;
                    self.acknowledged.push(row.id);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        metrics::counter!("outbox_events_relayed_total", "schema" => self.database.schema())
            .increment(sent);
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn clean(&mut self, connection: &mut AsyncPgConnection) -> Result<(), RelayError> {
        if self.last_cleaning.elapsed() < CLEAN_EVERY {
            return Ok(());
        }
        if !relay_store::delete_old(connection, KEEP, CLEAN_BATCH).await? {
            self.last_cleaning = Instant::now();
        }
        Ok(())
    }
}

/// Waits for the stop, and then for as long as a round may still take.
async fn patience(stopping: &CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(STOP_PATIENCE).await;
}

impl KafkaConfig {
    fn record(&self, source: &'static str, row: &OutboxRow) -> Record {
        Record {
            topic: self.topic_name(&row.topic),
            partition: None,
            key: row.record_key.clone().into_bytes(),
            payload: row.payload.clone(),
            timestamp_ms: None,
            headers: EventHeaders {
                id: row.event_id,
                kind: row.event_type.clone(),
                source: format!("/taskmesh/{source}"),
                subject: row.subject.clone(),
                time: row.event_time,
                data_schema: row.data_schema.clone(),
                aggregate_version: row.aggregate_version,
                trace_parent: row.trace_parent.clone(),
            }
            .to_record_headers(),
        }
    }
}
