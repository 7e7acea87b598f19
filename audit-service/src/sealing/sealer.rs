use std::time::Duration;

use service_runtime::BoxError;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{app::App, error::Error, metrics, operations};

/// Interval of partition maintenance.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Seals new records at an interval and maintains the monthly partitions, until the service stops; new records are sealed once more then.
pub async fn run_sealer(
    app: App,
    interval: Duration,
    keep_months: Option<u32>,
    stopping: CancellationToken,
) -> Result<(), BoxError> {
    let mut housekeeping = Instant::now();
    loop {
        let stopped = stopping
            .run_until_cancelled(sleep(interval))
            .await
            .is_none();
        if let Err(error) = operations::seal_records(&app, keep_months).await {
            warn!(%error, "creating a checkpoint failed, retrying");
        }
        if stopped {
            return Ok(());
        }
        if housekeeping <= Instant::now() {
            match maintain_partitions(&app).await {
                Ok(()) => housekeeping = Instant::now() + HOUSEKEEPING,
                Err(error) => {
                    warn!(%error, "partition maintenance failed, retrying");
                }
            }
        }
    }
}

async fn maintain_partitions(app: &App) -> Result<(), Error> {
    operations::create_partitions(app, app.clock.now()).await?;
    let dropped = operations::drop_partitions(app).await?;
    if dropped > 0 {
        info!("dropped {dropped} monthly partitions of expired records");
        metrics::dropped(dropped);
    }
    Ok(())
}
