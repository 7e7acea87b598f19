//! The records of all partitions: batches as producers have sent them, in one SQLite file of their own.
//!
//! `tansu` keeps each record and each of its headers as a row, which costs some 400 µs a record. What it knows besides (topics,
//! groups, offsets, producer ids) stays with it.

use std::{collections::HashMap, path::Path, sync::Arc};

use bytes::Bytes;
use libsql::{Connection, Statement, params};
use tansu_sans_io::{ErrorCode, record::deflated::Batch};
use tokio::sync::Mutex;

use super::broker_sequences::{Sent, Sequences, Verdict};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS partition (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
        UNIQUE (topic, number));
    CREATE TABLE IF NOT EXISTS batch (
        partition INTEGER NOT NULL, last_offset INTEGER NOT NULL, max_timestamp INTEGER NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (partition, last_offset));";
/// So many batches of each partition are looked at for what producers have sent lately.
const LATELY: i64 = 100;

/// The log of every partition.
#[derive(Clone)]
pub struct Log(Arc<Mutex<State>>);

struct State {
    connection: Connection,
    insert: Statement,
    read: Statement,
    partitions: HashMap<String, HashMap<i32, Partition>>,
}

#[derive(Debug)]
struct Partition {
    id: i64,
    extent: Extent,
    producers: HashMap<i64, Sequences>,
}

/// From which offset on a partition has records, and which the next one gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub low: i64,
    pub high: i64,
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The client is told this.
    #[error("the request is refused: {0:?}")]
    Refused(ErrorCode),
    #[error("the log of the broker failed")]
    Storage(#[from] libsql::Error),
    #[error("a batch in the log cannot be read")]
    Batch(#[from] tansu_sans_io::Error),
}

impl Log {
    /// Opens the log, creating it if it is not there.
    pub async fn open(file: &Path) -> Result<Self, LogError> {
        let connection = libsql::Builder::new_local(file).build().await?.connect()?;
        connection.query("PRAGMA journal_mode = WAL", ()).await?;
        connection
            .execute("PRAGMA synchronous = NORMAL", ())
            .await?;
        connection.execute_batch(TABLES).await?;
        let insert = "INSERT INTO batch (partition, last_offset, max_timestamp, content) VALUES (?1, ?2, ?3, ?4)";
        let read = "SELECT content FROM batch WHERE partition = ?1 AND last_offset >= ?2 ORDER BY last_offset";
        let mut state = State {
            insert: connection.prepare(insert).await?,
            read: connection.prepare(read).await?,
            connection,
            partitions: HashMap::new(),
        };
        state.load().await?;
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Appends a batch; returns the offset of its first record.
    pub async fn append(&self, topic: &str, number: i32, batch: Batch) -> Result<i64, LogError> {
        let mut state = self.0.lock().await;
        state.append(topic, number, batch).await
    }

    /// Has the next record get this offset at least.
    pub async fn begin_at(&self, topic: &str, number: i32, offset: i64) -> Result<(), LogError> {
        let mut state = self.0.lock().await;
        let partition = state.partition(topic, number).await?;
        let extent = &mut partition.extent;
        if extent.low == extent.high {
            extent.low = extent.low.max(offset);
        }
        extent.high = extent.high.max(offset);
        let (id, extent) = (partition.id, partition.extent);
        state.write_extent(id, extent).await
    }

    /// Returns where a partition begins and ends.
    pub async fn extent(&self, topic: &str, number: i32) -> Extent {
        let state = self.0.lock().await;
        let partitions = state.partitions.get(topic);
        let partition = partitions.and_then(|partitions| partitions.get(&number));
        partition
            .map(|partition| partition.extent)
            .unwrap_or_default()
    }

    /// Reads batches from the one on that has an offset: as many as fit, and one at least.
    pub async fn read(
        &self,
        topic: &str,
        number: i32,
        offset: i64,
        most_bytes: usize,
    ) -> Result<Vec<Batch>, LogError> {
        let mut state = self.0.lock().await;
        let state = &mut *state;
        let partitions = state.partitions.get(topic);
        let Some(partition) = partitions.and_then(|partitions| partitions.get(&number)) else {
            return Ok(Vec::new());
        };
        let mut batches = Vec::new();
        if offset >= partition.extent.high {
            return Ok(batches);
        }
        state.read.reset();
        let mut rows = state.read.query((partition.id, offset)).await?;
        let mut bytes = 0;
        while let Some(row) = rows.next().await? {
            let content: Vec<u8> = row.get(0)?;
            bytes += content.len();
            if bytes > most_bytes && !batches.is_empty() {
                break;
            }
            batches.push(Batch::try_from(Bytes::from(content))?);
        }
        Ok(batches)
    }

    /// Returns the first batch with a record of this time (milliseconds since 1970) or later.
    pub async fn find(
        &self,
        topic: &str,
        number: i32,
        time: i64,
    ) -> Result<Option<Batch>, LogError> {
        let state = self.0.lock().await;
        let partitions = state.partitions.get(topic);
        let Some(partition) = partitions.and_then(|partitions| partitions.get(&number)) else {
            return Ok(None);
        };
        let query = "SELECT content FROM batch WHERE partition = ?1 AND max_timestamp >= ?2 ORDER BY last_offset LIMIT 1";
        let mut rows = state.connection.query(query, (partition.id, time)).await?;
        let Some(row) = rows.next().await? else {
            return Ok(None);
        };
        Ok(Some(Batch::try_from(Bytes::from(row.get::<Vec<u8>>(0)?))?))
    }

    /// Deletes the records before an offset; returns where the partition begins then.
    pub async fn delete_before(
        &self,
        topic: &str,
        number: i32,
        offset: i64,
    ) -> Result<i64, LogError> {
        let mut state = self.0.lock().await;
        let partition = state.partition(topic, number).await?;
        if offset > partition.extent.high {
            return Err(LogError::Refused(ErrorCode::OffsetOutOfRange));
        }
        partition.extent.low = partition.extent.low.max(offset);
        let (id, extent) = (partition.id, partition.extent);
        state.write_extent(id, extent).await?;
        let delete = "DELETE FROM batch WHERE partition = ?1 AND last_offset < ?2";
        state.connection.execute(delete, (id, extent.low)).await?;
        Ok(extent.low)
    }

    /// Deletes the batches of a topic of which every record is older than a time (milliseconds since 1970).
    pub async fn expire(&self, topic: &str, time: i64) -> Result<(), LogError> {
        let numbers: Vec<i32> = {
            let state = self.0.lock().await;
            let partitions = state.partitions.get(topic);
            partitions
                .into_iter()
                .flatten()
                .map(|(number, _)| *number)
                .collect()
        };
        for number in numbers {
            let kept = match self.find(topic, number, time).await? {
                Some(batch) => batch.base_offset,
                None => self.extent(topic, number).await.high,
            };
            self.delete_before(topic, number, kept).await?;
        }
        Ok(())
    }

    /// Forgets a topic with all its records.
    pub async fn forget(&self, topic: &str) -> Result<(), LogError> {
        let mut state = self.0.lock().await;
        let partitions = state.partitions.remove(topic).unwrap_or_default();
        for partition in partitions.values() {
            let statements = [
                "DELETE FROM batch WHERE partition = ?1",
                "DELETE FROM partition WHERE id = ?1",
            ];
            for statement in statements {
                state.connection.execute(statement, [partition.id]).await?;
            }
        }
        Ok(())
    }

    /// Returns the topics that were ever written to.
    pub async fn topics(&self) -> Vec<String> {
        self.0.lock().await.partitions.keys().cloned().collect()
    }

    /// Returns whether there is no partition yet.
    pub async fn is_empty(&self) -> bool {
        self.0.lock().await.partitions.is_empty()
    }
}

impl State {
    async fn load(&mut self) -> Result<(), LogError> {
        let query = "SELECT p.id, p.topic, p.number, p.low, max(p.high, coalesce( \
                         (SELECT max(b.last_offset) + 1 FROM batch b WHERE b.partition = p.id), 0)) FROM partition p";
        let mut rows = self.connection.query(query, ()).await?;
        while let Some(row) = rows.next().await? {
            let partition = Partition {
                id: row.get(0)?,
                extent: Extent {
                    low: row.get(3)?,
                    high: row.get(4)?,
                },
                producers: self.producers_of(row.get(0)?).await?,
            };
            let topic = self.partitions.entry(row.get(1)?).or_default();
            topic.insert(row.get(2)?, partition);
        }
        Ok(())
    }

    async fn producers_of(&self, partition: i64) -> Result<HashMap<i64, Sequences>, LogError> {
        let query = "SELECT content FROM (SELECT content, last_offset FROM batch WHERE partition = ?1 \
                     ORDER BY last_offset DESC LIMIT ?2) ORDER BY last_offset";
        let mut rows = self.connection.query(query, (partition, LATELY)).await?;
        let mut producers: HashMap<i64, Sequences> = HashMap::new();
        while let Some(row) = rows.next().await? {
            let batch = Batch::try_from(Bytes::from(row.get::<Vec<u8>>(0)?))?;
            if batch.is_idempotent() {
                let sent = Sent::of(&batch, batch.base_offset);
                producers
                    .entry(batch.producer_id)
                    .or_default()
                    .remember(sent);
            }
        }
        Ok(producers)
    }

    /// Returns a partition, which begins when it is first written to.
    async fn partition(&mut self, topic: &str, number: i32) -> Result<&mut Partition, LogError> {
        let is_known = self
            .partitions
            .get(topic)
            .is_some_and(|partitions| partitions.contains_key(&number));
        let id = if is_known {
            0
        } else {
            let insert = "INSERT INTO partition (topic, number, low, high) VALUES (?1, ?2, 0, 0)";
            self.connection
                .execute(insert, params![topic, number])
                .await?;
            self.connection.last_insert_rowid()
        };
        let partitions = self.partitions.entry(topic.to_owned()).or_default();
        Ok(partitions.entry(number).or_insert_with(|| Partition {
            id,
            extent: Extent::default(),
            producers: HashMap::new(),
        }))
    }

    async fn append(
        &mut self,
        topic: &str,
        number: i32,
        mut batch: Batch,
    ) -> Result<i64, LogError> {
        if batch.record_count == 0 || batch.last_offset_delta < 0 {
            return Err(LogError::Refused(ErrorCode::InvalidRecord));
        }
        let partition = self.partition(topic, number).await?;
        if batch.is_idempotent()
            && let Some(sequences) = partition.producers.get(&batch.producer_id)
        {
            match sequences.judge(&batch) {
                Verdict::New => {}
                Verdict::Known(offset) => return Ok(offset),
                Verdict::Refused(code) => return Err(LogError::Refused(code)),
            }
        }
        let (id, base) = (partition.id, partition.extent.high);
        let last = base + i64::from(batch.last_offset_delta);
        batch.base_offset = base;
        batch.partition_leader_epoch = 0;
        let sent = Sent::of(&batch, base);
        let producer = batch.is_idempotent().then_some(batch.producer_id);
        let time = batch.max_timestamp;
        let content = Bytes::from(batch);
        self.insert.reset();
        self.insert
            .execute(params![id, last, time, content.as_ref()])
            .await?;
        // Only what is in the file counts.
        let partition = self.partition(topic, number).await?;
        partition.extent.high = last + 1;
        if let Some(producer) = producer {
            partition
                .producers
                .entry(producer)
                .or_default()
                .remember(sent);
        }
        Ok(base)
    }

    async fn write_extent(&self, id: i64, extent: Extent) -> Result<(), LogError> {
        let update = "UPDATE partition SET low = ?2, high = ?3 WHERE id = ?1";
        self.connection
            .execute(update, (id, extent.low, extent.high))
            .await?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "broker_log_tests.rs"]
mod tests;
