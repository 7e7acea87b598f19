use std::{sync::mpsc, time::Duration};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::RUNTIME;
use crate::{
    BoxError,
    kafka::KafkaConfig,
    outbox::{Pace, Relay},
    postgres::Database,
};

/// Shorter than in production, because tests wait for these intervals, with smaller batches, because tests have few events.
const PACE: Pace = Pace {
    takeover: Duration::from_millis(100),
    session_timeout: Duration::from_secs(1),
    linger: Duration::from_millis(5),
    flush: Duration::from_millis(20),
    poll: Duration::from_millis(100),
    batch: 50,
};

/// Without polls: only commits wake the relay.
const NO_POLL: Pace = Pace {
    session_timeout: Duration::from_secs(300),
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
        Self::start_at(PACE, database, kafka, RUNTIME.handle())
    }

    /// Starts a relay that is woken by commits only.
    pub fn start_without_polls(database: &Database, kafka: &KafkaConfig) -> Self {
        Self::start_at(NO_POLL, database, kafka, RUNTIME.handle())
    }

    fn start_at(pace: Pace, database: &Database, kafka: &KafkaConfig, runtime: &Handle) -> Self {
        let stopping = CancellationToken::new();
        let relay = Relay::new(database.clone(), kafka.clone(), "task-service", pace);
        let task = runtime.spawn(relay.run(stopping.clone()));
        Self { task, stopping }
    }

    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.stopping.cancel();
        let stopped = self.task.await.expect("the relay does not panic");
        stopped.expect("the relay stops cleanly");
    }

    /// Ends it as SIGKILL does.
    pub async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err(), "the relay has ended by itself");
    }
}

/// A relay that can be frozen as by SIGSTOP: it has a thread of its own.
pub struct FreezableRelay {
    relay: TestRelay,
    runtime: Runtime,
}

impl FreezableRelay {
    /// Starts a relay with a pool of its own.
    pub fn start(database: &Database, kafka: &KafkaConfig) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("the system has a thread");
        let relay = TestRelay::start_at(PACE, database, kafka, runtime.handle());
        Self { relay, runtime }
    }

    /// Freezes the relay until the returned sender is dropped.
    pub async fn freeze(&self) -> mpsc::Sender<()> {
        let (thaw, thawed) = mpsc::channel::<()>();
        let (frozen, wait_until_frozen) = oneshot::channel();
        self.runtime.spawn(async move {
            // Fails only if the test is over.
            let _ = frozen.send(());
            let _ = thawed.recv();
        });
        wait_until_frozen.await.expect("the thread is not blocked");
        thaw
    }

    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.relay.stop().await;
        self.runtime.shutdown_background();
    }
}
