use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use tokio::time::{interval, sleep, timeout};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::bench::load::Outcome;

/// Interval of the queries, which limits the precision.
const POLL: Duration = Duration::from_millis(2);
const TIMEOUT: Duration = Duration::from_secs(60);

/// Recorder of the times from commits until their effects are visible.
#[derive(Debug, Clone, Default)]
pub struct Follower(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<Uuid, Instant>,
    latency: Outcome,
}

impl Follower {
    /// Records that an event was committed now.
    pub fn committed(&self, id: Uuid) {
        self.lock().waiting.insert(id, Instant::now());
    }

    /// Queries the effects until the future is dropped.
    pub async fn follow(self, client: Client) -> Result<(), BoxError> {
        // The planner has last seen the table empty.
        client.batch_execute("SET enable_seqscan = off").await?;
        let query = "SELECT event_id::text FROM events_bench.effects WHERE event_id = ANY ($1::text[]::uuid[])";
        let query = client.prepare(query).await?;
        let mut ticks = interval(POLL);
        loop {
            ticks.tick().await;
            let waiting: Vec<String> = self.lock().waiting.keys().map(Uuid::to_string).collect();
            if waiting.is_empty() {
                continue;
            }
            let rows = client.query(&query, &[&waiting]).await?;
            let now = Instant::now();
            let mut state = self.lock();
            for row in rows {
                let id: Uuid = row.get::<_, &str>(0).parse()?;
                if let Some(committed) = state.waiting.remove(&id) {
                    state.latency.record(now - committed);
                }
            }
        }
    }

    /// Waits until all events have their effects; returns the latency since the last call.
    pub async fn finish(&self) -> Result<Outcome, BoxError> {
        let finished = async {
            while !self.lock().waiting.is_empty() {
                sleep(POLL).await;
            }
        };
        timeout(TIMEOUT, finished).await.map_err(|_| {
            format!(
                "{} events have no effect after {TIMEOUT:?}",
                self.lock().waiting.len()
            )
        })?;
        Ok(mem::take(&mut self.lock().latency))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
