//! Moves new words from the pending list of the search index into the index, many at once and not during a call: of words that many tasks
//! share, one change of the index then serves for all. A search reads the pending list from its beginning to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use service_runtime::{BoxError, postgres::AsyncPgConnection};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{app::App, error::Error, store};

/// Number of tasks in the pending list at which it is moved.
const FULL: usize = 2_000;
/// Time after which fewer tasks are moved too.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Number of tasks that are in the pending list since it was moved last.
#[derive(Debug, Clone, Default)]
pub struct PendingWords(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tasks: AtomicUsize,
    begun: Notify,
    full: Notify,
}

impl PendingWords {
    /// Adds tasks whose words are written.
    pub fn add(&self, tasks: usize) {
        let before = self.0.tasks.fetch_add(tasks, Ordering::Relaxed);
        if before == 0 && tasks > 0 {
            self.0.begun.notify_one();
        }
        if before < FULL && before + tasks >= FULL {
            self.0.full.notify_one();
        }
    }

    /// Waits until the list is worth moving, and begins to count anew.
    async fn wait(&self) {
        self.0.begun.notified().await;
        // Either is a reason to go on.
        let _ = timeout(MAX_WAIT, self.0.full.notified()).await;
        self.0.tasks.store(0, Ordering::Relaxed);
    }
}

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
