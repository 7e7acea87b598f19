use service_runtime::{BoxError, postgres::AsyncPgConnection};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{app::App, error::Error, store};

/// Moves pending words until the service stops. What a crash leaves is moved with the next words, or when the list reaches its limit.
pub async fn clean_search_index(app: App, stopping: CancellationToken) -> Result<(), BoxError> {
    while stopping
        .run_until_cancelled(app.pending_words.wait())
        .await
        .is_some()
    {
        let cleaned = app
            .database
            .transaction("clean_search_index", async |tx: &mut AsyncPgConnection| {
                store::search::clean(tx).await.map_err(Error::from)
            })
            .await;
        if let Err(error) = cleaned {
            warn!(%error, "moving pending words into the search index failed, retrying with the next ones");
        }
    }
    Ok(())
}
