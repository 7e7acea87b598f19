use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use tokio_postgres::Client;
use uuid::Uuid;

/// The effect is looked for so often, which is how exact its time is.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(60);

/// Knows when events were committed, and finds out when their effects are there for everybody to see.
#[derive(Clone, Default)]
pub struct Follower {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Uuid, Instant>,
    durations: Vec<Duration>,
}

impl Follower {
    /// Notes that an event was committed just now.
    pub fn committed(&self, id: Uuid) {
        self.lock().waiting.insert(id, Instant::now());
    }

    /// Forgets what was measured so far.
    pub fn begin(&self) {
        self.lock().durations.clear();
    }

    /// Returns how long the events took.
    pub fn take(&self) -> Vec<Duration> {
        mem::take(&mut self.lock().durations)
    }

    /// Looks for effects until it is aborted.
    pub async fn follow(self, client: Client) -> Result<(), BoxError> {
        // The planner last saw the table when it was empty.
        client.batch_execute("SET enable_seqscan = off").await?;
        let statement = client
            .prepare("SELECT event_id::text FROM events_bench.effects WHERE event_id = ANY ($1::text[]::uuid[])")
            .await?;
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            let waiting: Vec<String> = self.lock().waiting.keys().map(Uuid::to_string).collect();
            if waiting.is_empty() {
                continue;
            }
            let rows = client.query(&statement, &[&waiting]).await?;
            let seen = Instant::now();
            let mut state = self.lock();
            for row in rows {
                let id: Uuid = row.get::<_, &str>(0).parse()?;
                if let Some(committed) = state.waiting.remove(&id) {
                    state.durations.push(seen - committed);
                }
            }
        }
    }

    /// Waits until all events have had their effects.
    pub async fn caught_up(&self) -> Result<(), BoxError> {
        let begun = Instant::now();
        loop {
            let left = self.lock().waiting.len();
            if left == 0 {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{left} events have no effect after {PATIENCE:?}").into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
