//! The one writer of the chains in this process.
//!
//! Every partition of every topic has records of every user, so transactions of their own would wait for each other's chains. They hand their
//! batches to this writer instead, which commits all that have come together in one transaction, one transaction at a time. Between replicas the
//! same turn is an advisory lock (`store::chain_head::lock_writer`): a replica waits for one transaction of each other replica at most.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use diesel::result::Error;
use futures::FutureExt;
use service_runtime::{
    clock::Clock,
    kafka::{InboxBatch, Known},
    postgres::{Database, DatabaseError},
};
use tokio::{
    sync::{Mutex, MutexGuard, mpsc, oneshot},
    time::timeout,
};

use crate::{domain::record::Entry, operations::append_records, store};

/// A transaction takes no further batch once it has so many entries. With the last batch it has up to 1 000 more.
const MAX_ENTRIES: usize = 2_000;
/// A consumer gives its attempt up after a minute; by then it must know that the database hangs.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(25);
/// Each partition and each call of an auditor has one batch at a time.
const QUEUE: usize = 256;

/// Hands entries to the writer; cheap to clone. The writer ends with the last clone.
#[derive(Clone)]
pub struct ChainWriter {
    queue: mpsc::Sender<Batch>,
    turn: Arc<Mutex<()>>,
}

/// Entries that are appended together or not at all.
struct Batch {
    /// Entries of the inbox, one for each entry, if they come from events; those of known events are left out.
    inbox: Option<InboxBatch>,
    entries: Vec<Entry>,
    done: oneshot::Sender<Result<Vec<Known>, DatabaseError>>,
}

/// The task that commits what is handed to a [`ChainWriter`].
pub struct WriterTask {
    queue: mpsc::Receiver<Batch>,
    turn: Arc<Mutex<()>>,
    database: Database,
    clock: Clock,
}

impl ChainWriter {
    /// Returns the writer and its task, which must be spawned.
    pub fn new(database: Database, clock: Clock) -> (Self, WriterTask) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let turn = Arc::new(Mutex::new(()));
        let writer = Self {
            queue: sender,
            turn: Arc::clone(&turn),
        };
        let task = WriterTask {
            queue,
            turn,
            database,
            clock,
        };
        (writer, task)
    }

    /// Appends entries in their order and returns once they are committed.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<(), DatabaseError> {
        self.submit(None, entries).await.map(drop)
    }

    /// Records events in the inbox and appends the entries of those that are new, in one transaction.
    pub async fn append_events(
        &self,
        inbox: InboxBatch,
        entries: Vec<Entry>,
    ) -> Result<Vec<Known>, DatabaseError> {
        self.submit(Some(inbox), entries).await
    }

    /// Waits until no other transaction of this process writes chains; none begins while the guard is held.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    async fn submit(
        &self,
        inbox: Option<InboxBatch>,
        entries: Vec<Entry>,
    ) -> Result<Vec<Known>, DatabaseError> {
        let ended = || DatabaseError::Unavailable("the writer of the chains has ended".into());
        let (done, result) = oneshot::channel();
        let batch = Batch {
            inbox,
            entries,
            done,
        };
        self.queue.send(batch).await.map_err(|_| ended())?;
        result.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl WriterTask {
    /// Commits batches until every [`ChainWriter`] is gone.
    pub async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            // Partitions whose batches begin at the same tick get the chance to share this transaction.
            tokio::task::yield_now().await;
            let mut size = first.entries.len();
            let mut batches = vec![first];
            while size < MAX_ENTRIES
                && let Ok(next) = self.queue.try_recv()
            {
                size += next.entries.len();
                batches.push(next);
            }
            // The events of a batch that was given up are delivered again.
            batches.retain(|batch| !batch.done.is_closed());
            self.finish(batches).await;
        }
    }

    /// Commits batches together; if that fails for another reason than the database being unavailable, each by itself, so that a batch
    /// that cannot be appended holds up no other.
    async fn finish(&self, batches: Vec<Batch>) {
        match self.commit(&batches).await {
            Ok(known) => {
                for (batch, known) in batches.into_iter().zip(known) {
                    reply(batch, Ok(known));
                }
            }
            Err(DatabaseError::Query(_)) if batches.len() > 1 => {
                for batch in batches {
                    Box::pin(self.finish(vec![batch])).await;
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for batch in batches {
                    reply(batch, Err(DatabaseError::shared(&error)));
                }
            }
        }
    }

    /// A panic fails the batches, not the process.
    async fn commit(&self, batches: &[Batch]) -> Result<Vec<Vec<Known>>, DatabaseError> {
        let transaction = AssertUnwindSafe(self.transaction(batches)).catch_unwind();
        match timeout(COMMIT_TIMEOUT, transaction).await {
            Ok(Ok(committed)) => committed,
            Ok(Err(_)) => Err(DatabaseError::Query(Error::QueryBuilderError(
                "appending records panicked".into(),
            ))),
            Err(late) => Err(DatabaseError::Unavailable(late.into())),
        }
    }

    async fn transaction(&self, batches: &[Batch]) -> Result<Vec<Vec<Known>>, DatabaseError> {
        let _turn = self.turn.lock().await;
        self.database
            .transaction("append_records", async |tx| {
                store::chain_head::lock_writer(tx).await?;
                let mut outcomes = Vec::with_capacity(batches.len());
                let mut new = Vec::new();
                for Batch { inbox, entries, .. } in batches {
                    let known = match inbox {
                        Some(inbox) => inbox.insert(tx).await?,
                        None => vec![Known::New; entries.len()],
                    };
                    let entries = entries.iter().zip(&known);
                    new.extend(
                        entries
                            .filter(|(_, known)| **known == Known::New)
                            .map(|(entry, _)| entry.clone()),
                    );
                    outcomes.push(known);
                }
                append_records(tx, new, self.clock.now()).await?;
                Ok(outcomes)
            })
            .await
    }
}

fn reply(batch: Batch, result: Result<Vec<Known>, DatabaseError>) {
    // The submitter may have given up: its events are delivered again, and the inbox drops them.
    let _ = batch.done.send(result);
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]
mod tests;
