use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// Number of tasks in the pending list at which it is moved.
const FULL: usize = 2_000;
/// Time after which fewer tasks are moved too.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Tasks whose words are in the pending list of the index since it was moved last.
///
/// Many are moved at once and not during a call: of words that many tasks share, one change of the index then serves for all. A search
/// reads the pending list from its beginning to its end.
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

    /// Waits until the list is worth moving, and resets the count.
    pub async fn wait(&self) {
        self.0.begun.notified().await;
        // Either is a reason to go on.
        let _ = timeout(MAX_WAIT, self.0.full.notified()).await;
        self.0.tasks.store(0, Ordering::Relaxed);
    }
}
