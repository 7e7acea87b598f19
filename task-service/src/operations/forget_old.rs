use std::time::Duration;

use service_runtime::{BoxError, postgres::AsyncPgConnection};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    app::App,
    error::Error,
    store::operation_change::{KEEP, delete_older},
};

const PAUSE: Duration = Duration::from_secs(3600);

/// Forgets operations that are too old to be undone, until the service stops.
pub async fn forget_old(app: App, stopping: CancellationToken) -> Result<(), BoxError> {
    while stopping.run_until_cancelled(sleep(PAUSE)).await.is_some() {
        let before = app.clock.now() - KEEP;
        let forgotten = app
            .database
            .transaction(
                "forget_old_operations",
                async |tx: &mut AsyncPgConnection| {
                    delete_older(tx, before).await.map_err(Error::from)
                },
            )
            .await;
        if let Err(error) = forgotten {
            warn!(%error, "deleting expired operations failed, retrying in an hour");
        }
    }
    Ok(())
}
