use rdkafka::{Message, message::OwnedMessage};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A queue longer than this pauses the partition…
const MOST_RECORDS: usize = 4_000;
/// …or heavier than this…
const MOST_BYTES: usize = 8 << 20;
/// …until it is down to this part of it.
const RESUME_AT: usize = 4;

/// How full a partition's queue is, as the loop and the worker see it.
#[derive(Debug, Default)]
pub(super) struct Load {
    records: AtomicUsize,
    bytes: AtomicUsize,
    is_paused: AtomicBool,
}

impl Load {
    /// Counts a record in; returns whether the partition must pause.
    pub(super) fn add(&self, bytes: usize) -> bool {
        let records = self.records.fetch_add(1, Ordering::AcqRel) + 1;
        let bytes = self.bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        (records > MOST_RECORDS || bytes > MOST_BYTES)
            && !self.is_paused.swap(true, Ordering::AcqRel)
    }

    /// Counts records out; returns whether the partition may go on.
    pub(super) fn remove(&self, records: usize, bytes: usize) -> bool {
        let records = self.records.fetch_sub(records, Ordering::AcqRel) - records;
        let bytes = self.bytes.fetch_sub(bytes, Ordering::AcqRel) - bytes;
        records <= MOST_RECORDS / RESUME_AT
            && bytes <= MOST_BYTES / RESUME_AT
            && self.is_paused.swap(false, Ordering::AcqRel)
    }

    /// Returns whether the partition pauses.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }
}

/// Returns what a record weighs in a queue, in bytes.
pub(super) fn weight(message: &OwnedMessage) -> usize {
    message.payload().map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_pauses_once_and_goes_on_when_it_is_short_again() {
        let load = Load::default();
        let pauses: usize = (0..6_000).map(|_| usize::from(load.add(1))).sum();
        assert_eq!(pauses, 1);
        assert!(load.is_paused());
        assert!(!load.remove(4_000, 4_000));
        assert!(load.remove(1_000, 1_000));
        assert!(!load.remove(1, 1));
    }

    #[test]
    fn a_few_heavy_records_pause_too() {
        let load = Load::default();
        assert!(!load.add(8 << 20));
        assert!(load.add(1));
    }
}
