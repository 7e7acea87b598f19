use std::sync::Arc;

use tokio::sync::watch;

use super::{Change, PartitionLog};
use crate::domain::Position;

/// One stream of one user's changes: a position in the log, and the notifier that rings when there is more.
#[derive(Debug)]
pub struct Subscription {
    log: Arc<PartitionLog>,
    user: Arc<str>,
    notifier: watch::Receiver<()>,
    place: Place,
}

/// Position of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) position: Position,
    /// The log's generation that the position is one of.
    pub(super) generation: u64,
}

/// Result of taking changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Changes, in order.
    Changes(Vec<Change>),
    /// There are none.
    Nothing,
    /// The stream is farther behind than it may be.
    TooSlow,
    /// The log does not know what came behind the stream's position.
    Lost,
}

impl Subscription {
    pub(super) fn new(
        log: Arc<PartitionLog>,
        user: Arc<str>,
        notifier: watch::Receiver<()>,
        place: Place,
    ) -> Self {
        Self {
            log,
            user,
            notifier,
            place,
        }
    }

    /// Returns behind what the stream is.
    pub fn position(&self) -> Position {
        self.place.position
    }

    /// Takes up to so many changes, if the stream is not more of them behind than it may be.
    pub fn take(&mut self, most: usize, most_pending: usize) -> Taken {
        // Before the look, so that what comes during it rings again.
        self.notifier.mark_unchanged();
        self.log
            .take(&self.user, &mut self.place, most, most_pending)
    }

    /// Waits until there may be more than at the last look.
    pub async fn changed(&mut self) {
        // The notifier outlives its listeners, so it is never closed.
        let _ = self.notifier.changed().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.log.left(&self.user);
    }
}
