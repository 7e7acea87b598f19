use rdkafka::{Message, message::OwnedMessage};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Number of queued records above which the partition is paused.
const MAX_RECORDS: usize = 4_000;
/// Bytes of queued records above which the partition is paused.
const MAX_BYTES: usize = 8 << 20;
/// Divisor of these limits at which the partition is resumed.
const RESUME_DIVISOR: usize = 4;

/// Size of a partition's queue, shared by the loop and the worker.
#[derive(Debug, Default)]
pub(super) struct Load {
    records: AtomicUsize,
    bytes: AtomicUsize,
    is_paused: AtomicBool,
}

impl Load {
    /// Adds a record; returns whether the partition must be paused.
    pub(super) fn add(&self, bytes: usize) -> bool {
        let records = self.records.fetch_add(1, Ordering::AcqRel) + 1;
        let bytes = self.bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        (records > MAX_RECORDS || bytes > MAX_BYTES) && !self.is_paused.swap(true, Ordering::AcqRel)
    }

    /// Removes records; returns whether the partition must be resumed.
    pub(super) fn remove(&self, records: usize, bytes: usize) -> bool {
        let records = self.records.fetch_sub(records, Ordering::AcqRel) - records;
        let bytes = self.bytes.fetch_sub(bytes, Ordering::AcqRel) - bytes;
        records <= MAX_RECORDS / RESUME_DIVISOR
            && bytes <= MAX_BYTES / RESUME_DIVISOR
            && self.is_paused.swap(false, Ordering::AcqRel)
    }
}

/// Returns the size of a record in the queue, in bytes.
pub(super) fn weight(message: &OwnedMessage) -> usize {
    message.payload().map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_queue_pauses_once_and_resumes_when_short() {
        let load = Load::default();
        let pauses: usize = (0..6_000).map(|_| usize::from(load.add(1))).sum();
        assert_eq!(pauses, 1);
        assert!(!load.remove(4_000, 4_000));
        assert!(load.remove(1_000, 1_000));
        assert!(!load.remove(1, 1));
    }

    #[test]
    fn few_large_records_pause() {
        let load = Load::default();
        assert!(!load.add(8 << 20));
        assert!(load.add(1));
    }
}
