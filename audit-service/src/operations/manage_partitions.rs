//! Makes room for the records of months to come, and drops months that are no longer kept.

use chrono::{DateTime, Months, Utc};

use crate::{app::App, domain::checkpoint::month_of, error::Error, store};

/// Number of partitions created ahead, for downtime of this service.
const MONTHS_AHEAD: u32 = 2;

/// Creates the partitions of this month and the next ones.
pub async fn create_partitions(app: &App, now: DateTime<Utc>) -> Result<(), Error> {
    app.database
        .transaction("create_partitions", async |tx| {
            // A clock that is a little behind still finds its month.
            for month in 0..=MONTHS_AHEAD {
                let month = month_of(now) + Months::new(month);
                store::month::insert(tx, month).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Drops the partitions that, by a checkpoint, are no longer kept; returns their number.
pub async fn drop_partitions(app: &App) -> Result<usize, Error> {
    app.database
        .transaction("drop_partitions", async |tx| {
            let last = store::checkpoint::find_last(tx).await?;
            match last.and_then(|last| last.seal.kept_from) {
                Some(kept_from) => Ok(store::month::delete_before(tx, month_of(kept_from)).await?),
                None => Ok::<_, Error>(0),
            }
        })
        .await
}
