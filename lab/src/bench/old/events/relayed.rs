use std::time::{Duration, Instant};

use service_runtime::BoxError;

use super::stage::Stage;

const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(600);

/// Waits until the broker has acknowledged everything; returns how long that took.
pub async fn wait(stage: &Stage) -> Result<Duration, BoxError> {
    let begun = Instant::now();
    loop {
        if is_done(stage).await? {
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("the outbox is not relayed after {PATIENCE:?}").into());
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn is_done(stage: &Stage) -> Result<bool, BoxError> {
    let row = stage
        .client
        .query_one("SELECT NOT EXISTS (SELECT FROM events_bench.outbox)", &[])
        .await?;
    Ok(row.get(0))
}
