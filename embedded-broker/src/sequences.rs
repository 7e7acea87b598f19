//! The last batches of an idempotent producer: each is appended once, in order (KIP-98).

use std::collections::VecDeque;

use kafka_protocol::ResponseError;

use crate::batch::Batch;

/// Maximum number of batches that a producer has in flight.
const REMEMBERED: usize = 5;

/// The last batches of one producer in one partition.
#[derive(Debug, Default)]
pub struct Sequences(VecDeque<Sent>);

/// A batch that is in the log.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub epoch: i16,
    pub first: i32,
    pub last: i32,
    pub offset: i64,
}

/// What to do with a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs into the log.
    New,
    /// It is there already, at this offset.
    Known(i64),
    /// It is refused.
    Refused(ResponseError),
}

impl Sent {
    /// Returns the epoch, sequence numbers and offset of a batch.
    pub fn of(batch: &Batch) -> Self {
        let first = batch.base_sequence();
        Self {
            epoch: batch.producer_epoch(),
            first,
            last: wrapped(i64::from(first) + i64::from(batch.last_offset_delta())),
            offset: batch.base_offset(),
        }
    }
}

impl Sequences {
    /// Judges a batch by those before it.
    pub fn judge(&self, batch: &Batch) -> Verdict {
        self.judge_sent(Sent::of(batch))
    }

    fn judge_sent(&self, new: Sent) -> Verdict {
        let same =
            |sent: &&Sent| (sent.epoch, sent.first, sent.last) == (new.epoch, new.first, new.last);
        if let Some(known) = self.0.iter().find(same) {
            return Verdict::Known(known.offset);
        }
        let Some(last) = self.0.back() else {
            // What was there before may be past its retention.
            return Verdict::New;
        };
        let follows = if new.epoch == last.epoch {
            new.first == wrapped(i64::from(last.last) + 1)
        } else {
            new.first == 0
        };
        if new.epoch < last.epoch {
            Verdict::Refused(ResponseError::InvalidProducerEpoch)
        } else if follows {
            Verdict::New
        } else {
            Verdict::Refused(ResponseError::OutOfOrderSequenceNumber)
        }
    }

    /// Remembers a batch.
    pub fn remember(&mut self, sent: Sent) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(sent);
    }
}

/// Sequences begin again after the greatest number.
fn wrapped(sequence: i64) -> i32 {
    const COUNT: i64 = 1 << 31;
    i32::try_from(sequence % COUNT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(epoch: i16, first: i32, count: i32) -> Sent {
        Sent {
            epoch,
            first,
            last: wrapped(i64::from(first) + i64::from(count) - 1),
            offset: 0,
        }
    }

    fn after(batches: &[Sent]) -> Sequences {
        let mut sequences = Sequences::default();
        let mut offset = 100;
        for batch in batches {
            assert_eq!(sequences.judge_sent(*batch), Verdict::New);
            sequences.remember(Sent { offset, ..*batch });
            offset += i64::from(batch.last - batch.first) + 1;
        }
        sequences
    }

    #[test]
    fn repeated_batch_has_its_first_offset() {
        let sequences = after(&[sent(0, 0, 3), sent(0, 3, 2)]);
        assert_eq!(sequences.judge_sent(sent(0, 0, 3)), Verdict::Known(100));
        assert_eq!(sequences.judge_sent(sent(0, 3, 2)), Verdict::Known(103));
        assert_eq!(sequences.judge_sent(sent(0, 5, 1)), Verdict::New);
    }

    #[test]
    fn batch_after_gap_is_refused() {
        let sequences = after(&[sent(0, 0, 3)]);
        let refused = Verdict::Refused(ResponseError::OutOfOrderSequenceNumber);
        assert_eq!(sequences.judge_sent(sent(0, 4, 1)), refused);
        assert_eq!(sequences.judge_sent(sent(1, 3, 1)), refused);
    }

    #[test]
    fn new_epoch_restarts_and_fences_the_old() {
        let sequences = after(&[sent(0, 0, 3), sent(1, 0, 1)]);
        assert_eq!(sequences.judge_sent(sent(1, 1, 1)), Verdict::New);
        let refused = Verdict::Refused(ResponseError::InvalidProducerEpoch);
        assert_eq!(sequences.judge_sent(sent(0, 3, 1)), refused);
    }

    #[test]
    fn sequence_wraps_after_the_greatest() {
        let sequences = after(&[sent(0, i32::MAX - 1, 3)]);
        assert_eq!(sequences.judge_sent(sent(0, 1, 1)), Verdict::New);
    }
}
