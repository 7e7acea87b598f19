//! Headers of record batches (message format version 2). The records themselves stay as the producer sent them.

use bytes::{Bytes, BytesMut};
use kafka_protocol::{ResponseError, records::RecordBatchDecoder};

/// Bytes before the part that the length field counts: base offset and length.
const PREFIX: usize = 12;
/// Bytes of the whole header.
const HEADER: usize = 61;
const MAGIC: u8 = 2;
const CONTROL: i16 = 0x20;

/// A record batch as it is stored and sent.
#[derive(Debug, Clone)]
pub struct Batch(Bytes);

impl Batch {
    /// Splits the records of a produce request into batches and checks each.
    pub fn split(mut records: Bytes) -> Result<Vec<Self>, ResponseError> {
        let mut batches = Vec::new();
        while !records.is_empty() {
            if records.len() < HEADER {
                return Err(ResponseError::CorruptMessage);
            }
            let length = i32_at(&records, 8);
            let end = usize::try_from(length)
                .ok()
                .and_then(|length| length.checked_add(PREFIX))
                .filter(|end| (HEADER..=records.len()).contains(end))
                .ok_or(ResponseError::CorruptMessage)?;
            let batch = Self(records.split_to(end));
            batch.check()?;
            batches.push(batch);
        }
        Ok(batches)
    }

    /// Takes bytes that were checked before they were stored.
    pub fn from_stored(bytes: Bytes) -> Self {
        Self(bytes)
    }

    fn check(&self) -> Result<(), ResponseError> {
        if self.0[16] != MAGIC {
            return Err(ResponseError::UnsupportedForMessageFormat);
        }
        if crc32c::crc32c(&self.0[21..]) != u32::from_be_bytes(four(&self.0, 17)) {
            return Err(ResponseError::CorruptMessage);
        }
        if self.record_count() <= 0 || self.last_offset_delta() != self.record_count() - 1 {
            return Err(ResponseError::InvalidRecord);
        }
        if i16_at(&self.0, 21) & CONTROL != 0 {
            return Err(ResponseError::InvalidRecord);
        }
        Ok(())
    }

    /// Returns a copy at an offset. The checksum does not cover the offset and the leader epoch.
    pub fn at(&self, base_offset: i64) -> Self {
        let mut bytes = BytesMut::from(&self.0[..]);
        bytes[..8].copy_from_slice(&base_offset.to_be_bytes());
        bytes[12..16].copy_from_slice(&0_i32.to_be_bytes());
        Self(bytes.freeze())
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Returns the offset of the first record.
    pub fn base_offset(&self) -> i64 {
        i64_at(&self.0, 0)
    }

    /// Returns the offset of the last record.
    pub fn last_offset(&self) -> i64 {
        self.base_offset() + i64::from(self.last_offset_delta())
    }

    /// Returns the offset of the last record, counted from the first.
    pub fn last_offset_delta(&self) -> i32 {
        i32_at(&self.0, 23)
    }

    /// Returns the greatest timestamp in milliseconds since 1970.
    pub fn max_timestamp(&self) -> i64 {
        i64_at(&self.0, 35)
    }

    /// Returns the producer's id; negative for a producer that is not idempotent.
    pub fn producer_id(&self) -> i64 {
        i64_at(&self.0, 43)
    }

    /// Returns the producer's epoch.
    pub fn producer_epoch(&self) -> i16 {
        i16_at(&self.0, 51)
    }

    /// Returns the sequence number of the first record.
    pub fn base_sequence(&self) -> i32 {
        i32_at(&self.0, 53)
    }

    fn record_count(&self) -> i32 {
        i32_at(&self.0, 57)
    }

    /// Returns offset and timestamp of the first record with a timestamp of this or later.
    pub fn first_since(&self, timestamp: i64) -> Option<(i64, i64)> {
        let records = RecordBatchDecoder::decode_all(&mut self.0.clone()).ok()?;
        let mut records = records.iter().flat_map(|set| &set.records);
        records
            .find(|record| record.timestamp >= timestamp)
            .map(|record| (record.offset, record.timestamp))
    }
}

fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    four
}

fn i16_at(bytes: &[u8], at: usize) -> i16 {
    i16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(four(bytes, at))
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    i64::from_be_bytes(eight)
}
