//! Shutdown of tasks in two steps.

use service_runtime::{BoxError, lifecycle::Lifecycle};
use tokio::sync::oneshot;

#[tokio::test]
async fn task_that_ends_early_is_reported() {
    let (lifecycle, mut failures) = Lifecycle::new();
    lifecycle.spawn("quitter", async { Ok::<(), BoxError>(()) });
    let failure = failures.recv().await.unwrap();
    assert_eq!(failure.to_string(), "task quitter ended unexpectedly");

    lifecycle.spawn("failer", async {
        Err::<(), BoxError>("out of paper".into())
    });
    let failure = failures.recv().await.unwrap();
    assert_eq!(
        failure.to_string(),
        "task failer ended unexpectedly: out of paper"
    );
}

#[tokio::test]
async fn soft_shutdown_lets_tasks_finish() {
    let (lifecycle, mut failures) = Lifecycle::new();
    let (finished, wait_until_finished) = oneshot::channel();
    let stopping = lifecycle.soft_shutdown();
    lifecycle.spawn("worker", async move {
        stopping.cancelled().await;
        tokio::task::yield_now().await;
        finished.send(()).unwrap();
        Ok::<(), BoxError>(())
    });
    lifecycle.stop().await.unwrap();
    wait_until_finished.await.unwrap();
    assert!(failures.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn task_is_dropped_after_grace_period() {
    let (lifecycle, _failures) = Lifecycle::new();
    let (alive, wait_until_dropped) = oneshot::channel::<()>();
    lifecycle.spawn("deaf", async move {
        let _alive = alive;
        std::future::pending::<Result<(), BoxError>>().await
    });
    assert!(lifecycle.stop().await.is_err());
    assert!(wait_until_dropped.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn hard_shutdown_drops_tasks_at_once() {
    let (lifecycle, _failures) = Lifecycle::new();
    lifecycle.spawn("deaf", std::future::pending::<Result<(), BoxError>>());
    lifecycle.hard_shutdown().cancel();
    let before = tokio::time::Instant::now();
    assert!(lifecycle.stop().await.is_err());
    assert!(before.elapsed() < service_runtime::lifecycle::GRACE_PERIOD);
}
