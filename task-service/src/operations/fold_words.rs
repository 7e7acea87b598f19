use std::time::Duration;

use service_runtime::{BoxError, postgres::AsyncPgConnection};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{app::App, store::search};

/// Batching delay for new words: a search for a part of a word reads those that are not in the index yet one by one.
const GATHERING: Duration = Duration::from_millis(250);

/// Puts words that writes have brought where they are found quickly, until the service stops; a write that did it itself would take
/// several times as long.
pub async fn fold_words(app: App, stopping: CancellationToken) -> Result<(), BoxError> {
    let gathered = async || {
        app.new_words.notified().await;
        sleep(GATHERING).await;
    };
    while stopping.run_until_cancelled(gathered()).await.is_some() {
        let folded = app
            .database
            .read("fold_words", async |tx: &mut AsyncPgConnection| {
                search::fold_words(tx).await
            })
            .await;
        if let Err(error) = folded {
            warn!(%error, "updating the search index failed, retrying after the next write");
        }
    }
    Ok(())
}
