//! Tasks of a service and their shutdown in two steps.
//!
//! Soft shutdown: not ready, accept nothing new, finish the work in flight. Hard shutdown, at a second signal or after the grace
//! period: drop the tasks that are left.

use std::{future::Future, time::Duration};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, error, warn};

use crate::BoxError;

/// Time limit of a soft shutdown.
pub const GRACE_PERIOD: Duration = Duration::from_millis(4_500);
const HARD_SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// Task that ended before the shutdown.
#[derive(Debug, thiserror::Error)]
#[error("task {name} ended unexpectedly{}", cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
pub struct TaskFailure {
    name: &'static str,
    cause: Option<BoxError>,
}

/// Hard shutdown of tasks that had not finished.
#[derive(Debug, thiserror::Error)]
#[error("graceful shutdown did not complete within {} ms", GRACE_PERIOD.as_millis())]
pub struct StopError;

/// Tokens of the two steps of a shutdown.
#[derive(Debug, Clone, Default)]
pub struct ShutdownTokens {
    /// Soft shutdown: not ready, accept nothing new, finish the work in flight.
    pub soft: CancellationToken,
    /// Hard shutdown: drop the work in flight.
    pub hard: CancellationToken,
}

/// Runs the tasks of one service.
#[derive(Clone)]
pub struct Lifecycle {
    shutdown: ShutdownTokens,
    tracker: TaskTracker,
    failures: mpsc::UnboundedSender<TaskFailure>,
}

impl Lifecycle {
    /// Returns a lifecycle and the channel of its failed tasks.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<TaskFailure>) {
        let (failures, receiver) = mpsc::unbounded_channel();
        let lifecycle = Self {
            shutdown: ShutdownTokens::default(),
            tracker: TaskTracker::new(),
            failures,
        };
        (lifecycle, receiver)
    }

    /// Returns the tokens of both steps.
    pub fn shutdown(&self) -> ShutdownTokens {
        self.shutdown.clone()
    }

    /// Returns the token of the soft shutdown.
    pub fn soft_shutdown(&self) -> CancellationToken {
        self.shutdown.soft.clone()
    }

    /// Returns the token of the hard shutdown.
    pub fn hard_shutdown(&self) -> CancellationToken {
        self.shutdown.hard.clone()
    }

    /// Runs a task, which must not end before the shutdown; a hard shutdown drops it.
    pub fn spawn<E: Into<BoxError> + Send + 'static>(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let (ShutdownTokens { soft, hard }, failures) = (self.shutdown(), self.failures.clone());
        let running = self
            .tracker
            .spawn(async move { hard.run_until_cancelled(task).await });
        self.tracker.spawn(async move {
            let cause = match running.await {
                Ok(None) => {
                    warn!("task {name} was dropped by a hard shutdown");
                    return;
                }
                Ok(Some(Ok(()))) => None,
                Ok(Some(Err(error))) => Some(error.into()),
                Err(panic) => Some(panic.into()),
            };
            if soft.is_cancelled() {
                if let Some(cause) = cause {
                    warn!(error = %cause, "task {name} failed during shutdown");
                } else {
                    debug!("task {name} stopped");
                }
                return;
            }
            let failure = TaskFailure { name, cause };
            error!(error = %failure, "a task failed");
            // The receiver is dropped with the service.
            let _ = failures.send(failure);
        });
    }

    /// Shuts down softly and returns when all tasks have ended; after the grace period shuts down hard.
    pub async fn stop(&self) -> Result<(), StopError> {
        self.shutdown.soft.cancel();
        self.tracker.close();
        let finished = tokio::select! {
            () = self.tracker.wait() => true,
            () = tokio::time::sleep(GRACE_PERIOD) => false,
            () = self.shutdown.hard.cancelled() => false,
        };
        if finished {
            return Ok(());
        }
        self.shutdown.hard.cancel();
        // A blocked thread does not notice and is left behind.
        let _ = tokio::time::timeout(HARD_SHUTDOWN_TIMEOUT, self.tracker.wait()).await;
        Err(StopError)
    }
}
