use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::retry_store::ParkedKey;

/// Retry queue of one partition: the keys that have parked records; the records themselves are in the database.
///
/// Promise: order per key, while a failing record does not delay other keys (`retried_key_does_not_block_other_keys` in
/// `tests/consumer.rs`), also after a restart (`parked_records_stay_in_order_over_a_restart`).
#[derive(Debug, Default)]
pub(super) struct RetryQueue {
    keys: HashMap<Vec<u8>, Waiting>,
    count: usize,
}

#[derive(Debug)]
struct Waiting {
    due: Instant,
    count: usize,
}

impl RetryQueue {
    /// Creates the queue from the keys in the database.
    pub(super) fn of(keys: Vec<ParkedKey>) -> Self {
        let mut queue = Self::default();
        for key in keys {
            let wait = Duration::try_from_secs_f64(key.wait_seconds).unwrap_or_default();
            let count = usize::try_from(key.count).unwrap_or_default();
            let due = Instant::now() + wait;
            queue.keys.insert(key.record_key, Waiting { due, count });
            queue.count += count;
        }
        queue
    }

    /// Returns whether a key has parked records, behind which later ones must queue.
    pub(super) fn holds(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    /// Returns the number of parked records.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Adds a record of a key; the first one determines the time of the next try.
    pub(super) fn add(&mut self, key: &[u8], wait: Duration) {
        let due = Instant::now() + wait;
        let waiting = self.keys.entry(key.to_vec());
        waiting.or_insert(Waiting { due, count: 0 }).count += 1;
        self.count += 1;
    }

    /// Reschedules a key.
    pub(super) fn postpone(&mut self, key: &[u8], wait: Duration) {
        if let Some(waiting) = self.keys.get_mut(key) {
            waiting.due = Instant::now() + wait;
        }
    }

    /// Removes a key's first record; the next one is due immediately.
    pub(super) fn remove_first(&mut self, key: &[u8]) {
        let Some(waiting) = self.keys.get_mut(key) else {
            return;
        };
        waiting.count -= 1;
        waiting.due = Instant::now();
        self.count -= 1;
        if waiting.count == 0 {
            self.keys.remove(key);
        }
    }

    /// Removes a key that has no records in the database any more.
    pub(super) fn forget(&mut self, key: &[u8]) {
        if let Some(waiting) = self.keys.remove(key) {
            self.count -= waiting.count;
        }
    }

    /// Waits until a key is due and returns it; without limit if there is none.
    pub(super) async fn due(&self) -> Vec<u8> {
        let first = self.keys.iter().min_by_key(|(_, waiting)| waiting.due);
        match first {
            Some((key, waiting)) => {
                tokio::time::sleep_until(waiting.due).await;
                key.clone()
            }
            None => std::future::pending().await,
        }
    }
}
