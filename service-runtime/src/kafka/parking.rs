use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::parked::ParkedKey;

/// The keys of one partition of which records wait for another try; the records themselves are in the database.
#[derive(Debug, Default)]
pub(super) struct Parking {
    keys: HashMap<Vec<u8>, Waiting>,
    count: usize,
}

#[derive(Debug)]
struct Waiting {
    due: Instant,
    count: usize,
}

impl Parking {
    /// Takes over what waits in the database.
    pub(super) fn of(keys: Vec<ParkedKey>) -> Self {
        let mut parking = Self::default();
        for key in keys {
            let wait = Duration::try_from_secs_f64(key.wait_seconds).unwrap_or_default();
            let count = usize::try_from(key.count).unwrap_or_default();
            let due = Instant::now() + wait;
            parking.keys.insert(key.record_key, Waiting { due, count });
            parking.count += count;
        }
        parking
    }

    /// Returns whether records of a key wait, so that later ones must queue behind them.
    pub(super) fn holds(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    /// Returns how many records wait.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Counts one more record of a key; the first one says when it is tried again.
    pub(super) fn add(&mut self, key: &[u8], wait: Duration) {
        let due = Instant::now() + wait;
        let waiting = self.keys.entry(key.to_vec());
        waiting.or_insert(Waiting { due, count: 0 }).count += 1;
        self.count += 1;
    }

    /// Has a key wait longer.
    pub(super) fn postpone(&mut self, key: &[u8], wait: Duration) {
        if let Some(waiting) = self.keys.get_mut(key) {
            waiting.due = Instant::now() + wait;
        }
    }

    /// Counts a key's first record out; the next one is due at once.
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

    /// Forgets a key of which nothing is in the database any more.
    pub(super) fn forget(&mut self, key: &[u8]) {
        if let Some(waiting) = self.keys.remove(key) {
            self.count -= waiting.count;
        }
    }

    /// Waits until a key is due and returns it; for ever if there is none.
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
