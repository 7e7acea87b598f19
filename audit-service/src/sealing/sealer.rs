use std::time::Duration;

use service_runtime::BoxError;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{app::App, error::Error, metrics, operations};

/// Interval of partition maintenance.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Seals new records and maintains the monthly partitions.
pub struct Sealer {
    app: App,
    interval: Duration,
    keep_months: Option<u32>,
}

impl Sealer {
    /// Seals new records so often, and keeps them for so many whole months after their own.
    pub fn new(app: App, interval: Duration, keep_months: Option<u32>) -> Self {
        Self {
            app,
            interval,
            keep_months,
        }
    }

    /// Runs until the service stops; what is new by then is sealed at the end.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), BoxError> {
        let mut housekeeping = Instant::now();
        loop {
            let stopped = stopping
                .run_until_cancelled(sleep(self.interval))
                .await
                .is_none();
            if let Err(error) = operations::seal_records(&self.app, self.keep_months).await {
                warn!(%error, "creating a checkpoint failed, retrying");
            }
            if stopped {
                return Ok(());
            }
            if housekeeping <= Instant::now() {
                match self.maintain_partitions().await {
                    Ok(()) => housekeeping = Instant::now() + HOUSEKEEPING,
                    Err(error) => {
                        warn!(%error, "partition maintenance failed, retrying");
                    }
                }
            }
        }
    }

    async fn maintain_partitions(&self) -> Result<(), Error> {
        operations::create_partitions(&self.app, self.app.clock.now()).await?;
        let dropped = operations::drop_partitions(&self.app).await?;
        if dropped > 0 {
            info!("dropped {dropped} monthly partitions of expired records");
            metrics::dropped(dropped);
        }
        Ok(())
    }
}
