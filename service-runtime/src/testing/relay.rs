use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::RUNTIME;
use crate::{
    BoxError,
    ids::Ids,
    kafka::KafkaConfig,
    outbox::{Pace, Relay},
    postgres::Database,
};

/// Quicker than in production, for a test waits for the end of leases, and in smaller steps, for a test has few events.
const PACE: Pace = Pace {
    lease: Duration::from_millis(1_000),
    renew: Duration::from_millis(250),
    gather: Duration::from_millis(5),
    poll: Duration::from_millis(100),
    tidy: Duration::from_millis(200),
    batch: 50,
    most_sorted: 100,
};

/// So slow that nothing happens in a test that it is not told of.
const SLOW: Pace = Pace {
    lease: Duration::from_secs(300),
    renew: Duration::from_secs(100),
    poll: Duration::from_secs(100),
    ..PACE
};

/// One relay of an outbox by itself, as one replica of a service runs it.
pub struct TestRelay {
    task: JoinHandle<Result<(), BoxError>>,
    stopping: CancellationToken,
}

impl TestRelay {
    /// Starts a relay.
    pub fn start(database: &Database, kafka: &KafkaConfig) -> Self {
        Self::start_at(PACE, database, kafka)
    }

    /// Starts a relay that does nothing of its own accord, only what it is told by commits and by other relays.
    pub fn start_slow(database: &Database, kafka: &KafkaConfig) -> Self {
        Self::start_at(SLOW, database, kafka)
    }

    fn start_at(pace: Pace, database: &Database, kafka: &KafkaConfig) -> Self {
        let stopping = CancellationToken::new();
        let relay = Relay::new(
            database.clone(),
            kafka.clone(),
            "task-service",
            Ids.uuid_v7(),
            pace,
        );
        let task = RUNTIME.spawn(relay.run(stopping.clone()));
        Self { task, stopping }
    }

    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.stopping.cancel();
        let stopped = self.task.await.expect("the relay does not panic");
        stopped.expect("the relay gives its lanes back");
    }

    /// Ends it where it is, without a word to anybody.
    pub async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err(), "the relay has ended by itself");
    }
}
