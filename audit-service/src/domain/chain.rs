//! The chain of a user's records.

use chrono::{DateTime, Utc};

use super::{
    hash::Hash,
    record::{Entry, Record, hash},
};

/// Head of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last record; 0 before the first.
    pub sequence: i64,
    /// Its hash; zeros before the first.
    pub hash: Hash,
    /// Time of the last record; none before the first.
    pub record_time: Option<DateTime<Utc>>,
}

impl Head {
    /// The end of a chain that has no records yet.
    pub const EMPTY: Self = Self {
        sequence: 0,
        hash: Hash::ZERO,
        record_time: None,
    };

    /// Appends an entry; record times never decrease, whatever the clock does.
    pub fn append(&mut self, entry: Entry, now: DateTime<Utc>) -> Record {
        let sequence = self.sequence + 1;
        let record_time = self.record_time.map_or(now, |before| before.max(now));
        let record = Record {
            hash: hash(&entry, sequence, record_time, self.hash),
            sequence,
            record_time,
            previous_hash: self.hash,
            entry,
        };
        *self = Self {
            sequence,
            hash: record.hash,
            record_time: Some(record_time),
        };
        record
    }
}
