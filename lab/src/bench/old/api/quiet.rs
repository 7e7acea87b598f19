use std::time::Duration;

use service_runtime::BoxError;
use tokio::time::Instant;

use crate::bench::old::{database::Database, progress::Progress};

const PATIENCE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_secs(1);
/// A mesh that has nothing to do looks after its timers, which takes fewer transactions a second than this.
const QUIET_PER_POLL: i64 = 60;
const QUIET_POLLS: usize = 2;

/// Waits until the mesh has worked off what earlier calls caused: events on their way, reminders to be planned.
pub async fn wait(database: &Database) -> Result<(), BoxError> {
    let progress = Progress::new("waits until the mesh is quiet", "transactions", None);
    progress
        .watch(async {
            let deadline = Instant::now() + PATIENCE;
            let mut last = commits(database).await?;
            let mut quiet_polls = 0;
            while quiet_polls < QUIET_POLLS && Instant::now() < deadline {
                tokio::time::sleep(POLL).await;
                let now = commits(database).await?;
                let new = now - last;
                last = now;
                progress.add(u64::try_from(new).unwrap_or(0));
                quiet_polls = if new < QUIET_PER_POLL {
                    quiet_polls + 1
                } else {
                    0
                };
            }
            Ok(())
        })
        .await
}

async fn commits(database: &Database) -> Result<i64, BoxError> {
    let row = database
        .client
        .query_one(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
