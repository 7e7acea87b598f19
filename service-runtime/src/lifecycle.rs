//! Every task that a service runs, and the two steps in which they stop.
//!
//! First step: not ready, accept nothing new, finish what is in hand. Second step, at a second signal or when the grace
//! period is over: cut.

use std::{future::Future, time::Duration};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, error, warn};

use crate::BoxError;

/// How long the first step may take.
pub const GRACE_PERIOD: Duration = Duration::from_millis(4_500);
const CUT_PATIENCE: Duration = Duration::from_millis(500);

/// A task that ended although nobody had asked it to.
#[derive(Debug, thiserror::Error)]
#[error("task {name} ended unexpectedly{}", cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
pub struct TaskFailure {
    name: &'static str,
    cause: Option<BoxError>,
}

/// Tasks that were still at work when they were cut.
#[derive(Debug, thiserror::Error)]
#[error("graceful shutdown did not complete within {} ms", GRACE_PERIOD.as_millis())]
pub struct StopError;

/// Runs the tasks of one service.
#[derive(Clone)]
pub struct Lifecycle {
    stopping: CancellationToken,
    cut: CancellationToken,
    tracker: TaskTracker,
    failures: mpsc::UnboundedSender<TaskFailure>,
}

impl Lifecycle {
    /// Returns a lifecycle, and where it tells of tasks that fail.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<TaskFailure>) {
        let (failures, receiver) = mpsc::unbounded_channel();
        let lifecycle = Self {
            stopping: CancellationToken::new(),
            cut: CancellationToken::new(),
            tracker: TaskTracker::new(),
            failures,
        };
        (lifecycle, receiver)
    }

    /// Returns the token of the first step.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Returns the token of the second step.
    pub fn cut(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// Runs a task to its end, which must not come before the stop; the second step of a stop drops it where it is.
    pub fn spawn<E: Into<BoxError> + Send + 'static>(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let (stopping, cut, failures) = (self.stopping(), self.cut(), self.failures.clone());
        let running = self.tracker.spawn(task_until(cut, task));
        self.tracker.spawn(async move {
            let cause = match running.await {
                Ok(None) => {
                    warn!("task {name} was aborted");
                    return;
                }
                Ok(Some(Ok(()))) => None,
                Ok(Some(Err(error))) => Some(error.into()),
                Err(panic) => Some(panic.into()),
            };
            if stopping.is_cancelled() {
                if let Some(cause) = cause {
                    warn!(error = %cause, "task {name} failed during shutdown");
                } else {
                    debug!("task {name} stopped");
                }
                return;
            }
            let failure = TaskFailure { name, cause };
            error!(error = %failure, "a task failed");
            // Nobody listens any more only when the service is gone already.
            let _ = failures.send(failure);
        });
    }

    /// Takes the first step; returns when all tasks have ended, or after the grace period takes the second.
    pub async fn stop(&self) -> Result<(), StopError> {
        self.stopping.cancel();
        self.tracker.close();
        let finished = tokio::select! {
            () = self.tracker.wait() => true,
            () = tokio::time::sleep(GRACE_PERIOD) => false,
            () = self.cut.cancelled() => false,
        };
        if finished {
            return Ok(());
        }
        self.cut.cancel();
        // What does not even notice the cut (a blocked thread) is left behind.
        let _ = tokio::time::timeout(CUT_PATIENCE, self.tracker.wait()).await;
        Err(StopError)
    }
}

async fn task_until<T>(cut: CancellationToken, task: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        result = task => Some(result),
        () = cut.cancelled() => None,
    }
}
