//! What survives a restart, in one `fjall` database. Each write is handed to the operating system before it returns.

use std::path::Path;

use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::batch::Batch;

/// Memory for blocks that were read; consumers mostly read what the operating system has cached.
const CACHE_BYTES: u64 = 8 << 20;
/// Memory for the newest records of a keyspace, before they are written to a table.
const MEMTABLE_BYTES: u64 = 8 << 20;

/// Separates the parts of a key; topic and group names cannot contain it.
const SEPARATOR: char = '\0';

/// A failure of the database, or a value in it that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the broker's storage failed")]
    Database(#[from] fjall::Error),
    /// A stored value is damaged.
    #[error("a value in the broker's storage cannot be read")]
    Value(#[from] serde_json::Error),
}

/// A topic as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredTopic {
    /// The topic's id in the protocol.
    pub id: Uuid,
    /// The number of each partition's log.
    pub logs: Vec<u64>,
    /// Settings that were given explicitly.
    pub configs: std::collections::BTreeMap<String, String>,
}

/// An offset that a group committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommittedOffset {
    /// The offset.
    pub offset: i64,
    /// The leader epoch that the member gave, or -1.
    pub leader_epoch: i32,
    /// The text that the member gave.
    pub metadata: Option<String>,
}

/// The broker's storage.
#[derive(Clone)]
pub struct Store {
    database: Database,
    topics: Keyspace,
    records: Keyspace,
    starts: Keyspace,
    offsets: Keyspace,
    counters: Keyspace,
}

impl Store {
    /// Opens the storage in a folder, and creates it if it does not exist.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let database = Database::builder(folder)
            .worker_threads(1)
            .cache_size(CACHE_BYTES)
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let open = |name: &str| database.keyspace(name, options);
        Ok(Self {
            topics: open("topics")?,
            records: open("records")?,
            starts: open("starts")?,
            offsets: open("offsets")?,
            counters: open("counters")?,
            database,
        })
    }

    /// Returns all topics by name.
    pub fn topics(&self) -> Result<Vec<(String, StoredTopic)>, StoreError> {
        self.topics
            .iter()
            .map(|item| {
                let (key, value) = item.into_inner()?;
                Ok((text(&key), read(&value)?))
            })
            .collect()
    }

    /// Writes a topic.
    pub fn put_topic(&self, name: &str, topic: &StoredTopic) -> Result<(), StoreError> {
        Ok(self.topics.insert(name, serde_json::to_vec(topic)?)?)
    }

    /// Removes a topic with its records and the offsets committed in it, all of it or nothing.
    pub fn remove_topic(&self, name: &str, topic: &StoredTopic) -> Result<(), StoreError> {
        let mut removals = self.database.batch();
        removals.remove(&self.topics, name);
        for log in &topic.logs {
            for item in self.records.prefix(log.to_be_bytes()) {
                removals.remove(&self.records, item.key()?);
            }
            removals.remove(&self.starts, log.to_be_bytes());
        }
        for (group, topic, partition, _) in self.offsets()? {
            if topic == name {
                removals.remove(&self.offsets, offset_key(&group, &topic, partition));
            }
        }
        Ok(removals.commit()?)
    }

    /// Returns the next value of a counter, which is never returned again.
    pub fn next(&self, counter: &str) -> Result<u64, StoreError> {
        let last = self.counters.get(counter)?;
        let last = last.and_then(|value| value.as_ref().try_into().ok());
        let next = last.map_or(1, |last| u64::from_be_bytes(last) + 1);
        self.counters.insert(counter, next.to_be_bytes())?;
        Ok(next)
    }

    /// Appends a batch to a log.
    pub fn append(&self, log: u64, batch: &Batch) -> Result<(), StoreError> {
        let value: &[u8] = batch.bytes();
        Ok(self
            .records
            .insert(record_key(log, batch.last_offset()), value)?)
    }

    /// Returns the batches of a log from the one with an offset on, oldest first.
    pub fn batches(
        &self,
        log: u64,
        from: i64,
    ) -> impl Iterator<Item = Result<Batch, StoreError>> + use<> {
        self.records
            .range(record_key(log, from)..=record_key(log, i64::MAX))
            .map(batch)
    }

    /// Returns the last batches of a log, newest first.
    pub fn latest(&self, log: u64) -> impl Iterator<Item = Result<Batch, StoreError>> + use<> {
        self.records.prefix(log.to_be_bytes()).rev().map(batch)
    }

    /// Returns the offset at which a log starts.
    pub fn start(&self, log: u64) -> Result<i64, StoreError> {
        let start = self.starts.get(log.to_be_bytes())?;
        let start = start.and_then(|value| value.as_ref().try_into().ok());
        Ok(start.map_or(0, i64::from_be_bytes))
    }

    /// Moves the start of a log and removes the batches before it.
    pub fn set_start(&self, log: u64, start: i64) -> Result<(), StoreError> {
        self.starts.insert(log.to_be_bytes(), start.to_be_bytes())?;
        self.remove_records(log, start)
    }

    fn remove_records(&self, log: u64, before: i64) -> Result<(), StoreError> {
        let mut removals = self.database.batch();
        for item in self
            .records
            .range(record_key(log, 0)..record_key(log, before))
        {
            removals.remove(&self.records, item.key()?);
        }
        Ok(removals.commit()?)
    }

    /// Returns all committed offsets as group, topic, partition and offset.
    pub fn offsets(&self) -> Result<Vec<(String, String, i32, CommittedOffset)>, StoreError> {
        let mut offsets = Vec::new();
        for item in self.offsets.iter() {
            let (key, value) = item.into_inner()?;
            let key = text(&key);
            let mut parts = key.split(SEPARATOR);
            if let (Some(group), Some(topic), Some(Ok(partition))) =
                (parts.next(), parts.next(), parts.next().map(str::parse))
            {
                offsets.push((group.to_owned(), topic.to_owned(), partition, read(&value)?));
            }
        }
        Ok(offsets)
    }

    /// Writes a committed offset.
    pub fn put_offset(
        &self,
        group: &str,
        topic: &str,
        partition: i32,
        offset: &CommittedOffset,
    ) -> Result<(), StoreError> {
        let value = serde_json::to_vec(offset)?;
        Ok(self
            .offsets
            .insert(offset_key(group, topic, partition), value)?)
    }

    /// Removes a committed offset.
    pub fn remove_offset(
        &self,
        group: &str,
        topic: &str,
        partition: i32,
    ) -> Result<(), StoreError> {
        Ok(self.offsets.remove(offset_key(group, topic, partition))?)
    }
}

fn record_key(log: u64, last_offset: i64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&log.to_be_bytes());
    // Offsets are never negative, so their bytes sort as they do.
    key[8..].copy_from_slice(&last_offset.to_be_bytes());
    key
}

fn offset_key(group: &str, topic: &str, partition: i32) -> String {
    format!("{group}{SEPARATOR}{topic}{SEPARATOR}{partition}")
}

fn batch(item: fjall::Guard) -> Result<Batch, StoreError> {
    let value = item.value()?;
    Ok(Batch::from_stored(Bytes::copy_from_slice(&value)))
}

fn read<T: DeserializeOwned>(value: &[u8]) -> Result<T, StoreError> {
    Ok(serde_json::from_slice(value)?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
