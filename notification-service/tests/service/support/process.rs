use service_runtime::BoxError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A part of the service that runs as if in a process of its own; dropping it kills it.
pub struct Process {
    tasks: JoinSet<Result<(), BoxError>>,
    stopping: CancellationToken,
}

impl Process {
    /// Starts the part.
    pub fn start<F>(run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let stopping = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(run(stopping.clone()));
        Self { tasks, stopping }
    }

    /// Ends it wherever it is.
    pub async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}
