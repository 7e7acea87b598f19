//! The log of one partition: where it starts and ends, and what idempotent producers sent lately.

use std::collections::HashMap;

use kafka_protocol::ResponseError;
use tracing::warn;

use crate::{
    batch::Batch,
    sequences::{Sent, Sequences, Verdict},
    store::{Store, StoreError},
};

/// Number of batches at the end of a log from which the producers are restored.
const RESTORED_BATCHES: usize = 100;

/// The log of one partition.
pub struct Log {
    number: u64,
    store: Store,
    /// Offset of the first record.
    pub start: i64,
    /// Offset of the next record.
    pub end: i64,
    producers: HashMap<i64, Sequences>,
}

impl Log {
    /// Opens a log, which may be empty.
    pub fn open(store: &Store, number: u64) -> Result<Self, StoreError> {
        let start = store.start(number)?;
        let mut latest: Vec<Batch> = store
            .latest(number)
            .take(RESTORED_BATCHES)
            .collect::<Result<_, _>>()?;
        latest.reverse();
        let end = latest.last().map_or(0, |batch| batch.last_offset() + 1);
        let mut log = Self {
            number,
            store: store.clone(),
            start,
            end: end.max(start),
            producers: HashMap::new(),
        };
        for batch in &latest {
            log.remember(batch);
        }
        Ok(log)
    }

    /// Appends a batch and returns the offset of its first record; a batch that is in the log already is not appended again.
    pub fn append(&mut self, batch: &Batch) -> Result<i64, ResponseError> {
        if batch.producer_id() >= 0
            && let Some(sequences) = self.producers.get(&batch.producer_id())
        {
            match sequences.judge(batch) {
                Verdict::New => {}
                Verdict::Known(offset) => return Ok(offset),
                Verdict::Refused(error) => return Err(error),
            }
        }
        let batch = batch.at(self.end);
        self.store
            .append(self.number, &batch)
            .map_err(|error| storage(&error))?;
        // Memory follows the storage, so that a failure leaves both as they were.
        self.end = batch.last_offset() + 1;
        self.remember(&batch);
        Ok(batch.base_offset())
    }

    fn remember(&mut self, batch: &Batch) {
        if batch.producer_id() >= 0 {
            let sequences = self.producers.entry(batch.producer_id()).or_default();
            sequences.remember(Sent::of(batch));
        }
    }

    /// Returns batches from the one with an offset on: as many as fit, and at least one.
    pub fn read(&self, offset: i64, max_bytes: usize) -> Result<Vec<Batch>, ResponseError> {
        let mut batches = Vec::new();
        if offset >= self.end {
            return Ok(batches);
        }
        let mut bytes = 0;
        for batch in self.store.batches(self.number, offset) {
            let batch = batch.map_err(|error| storage(&error))?;
            bytes += batch.bytes().len();
            if bytes > max_bytes && !batches.is_empty() {
                break;
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    /// Returns offset and timestamp of the first record with a timestamp of this or later (milliseconds since 1970).
    pub fn first_since(&self, timestamp: i64) -> Result<Option<(i64, i64)>, ResponseError> {
        for batch in self.store.batches(self.number, self.start) {
            let batch = batch.map_err(|error| storage(&error))?;
            if batch.max_timestamp() >= timestamp {
                let whole = (batch.base_offset(), batch.max_timestamp());
                return Ok(Some(batch.first_since(timestamp).unwrap_or(whole)));
            }
        }
        Ok(None)
    }

    /// Deletes the records before an offset and returns the new start.
    pub fn delete_before(&mut self, offset: i64) -> Result<i64, ResponseError> {
        if offset > self.end {
            return Err(ResponseError::OffsetOutOfRange);
        }
        if offset > self.start {
            self.store
                .set_start(self.number, offset)
                .map_err(|error| storage(&error))?;
            self.start = offset;
        }
        Ok(self.start)
    }

    /// Deletes the batches at the start whose records are all older than a time (milliseconds since 1970).
    pub fn expire(&mut self, before: i64) -> Result<(), ResponseError> {
        let mut start = self.end;
        for batch in self.store.batches(self.number, self.start) {
            let batch = batch.map_err(|error| storage(&error))?;
            if batch.max_timestamp() >= before {
                start = batch.base_offset();
                break;
            }
        }
        self.delete_before(start.max(self.start)).map(drop)
    }
}

/// Logs a failure of the storage and returns the error for the client.
pub fn storage(error: &StoreError) -> ResponseError {
    warn!(
        error = error as &dyn std::error::Error,
        "broker storage failed"
    );
    ResponseError::KafkaStorageError
}
