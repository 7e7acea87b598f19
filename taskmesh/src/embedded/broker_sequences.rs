//! What an idempotent producer has sent lately: each batch counts once, and none is skipped (KIP-98).

use std::collections::VecDeque;

use tansu_sans_io::{ErrorCode, record::deflated::Batch};

/// As many batches as a producer may have under way.
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
    Refused(ErrorCode),
}

impl Sent {
    /// Returns what is remembered of a batch at an offset.
    pub fn of(batch: &Batch, offset: i64) -> Self {
        let (first, delta) = (
            i64::from(batch.base_sequence),
            i64::from(batch.last_offset_delta),
        );
        Self {
            epoch: batch.producer_epoch,
            first: batch.base_sequence,
            last: wrapped(first + delta),
            offset,
        }
    }
}

impl Sequences {
    /// Judges a batch by those before it.
    pub fn judge(&self, batch: &Batch) -> Verdict {
        let new = Sent::of(batch, 0);
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
            Verdict::Refused(ErrorCode::InvalidProducerEpoch)
        } else if follows {
            Verdict::New
        } else {
            Verdict::Refused(ErrorCode::OutOfOrderSequenceNumber)
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

    fn batch(epoch: i16, first: i32, count: i32) -> Batch {
        Batch {
            producer_id: 7,
            producer_epoch: epoch,
            base_sequence: first,
            last_offset_delta: count - 1,
            ..Batch::default()
        }
    }

    fn after(batches: &[Batch]) -> Sequences {
        let mut sequences = Sequences::default();
        let mut offset = 100;
        for batch in batches {
            assert_eq!(sequences.judge(batch), Verdict::New);
            sequences.remember(Sent::of(batch, offset));
            offset += i64::from(batch.last_offset_delta) + 1;
        }
        sequences
    }

    #[test]
    fn a_batch_that_comes_again_is_where_it_was() {
        let sequences = after(&[batch(0, 0, 3), batch(0, 3, 2)]);
        assert_eq!(sequences.judge(&batch(0, 0, 3)), Verdict::Known(100));
        assert_eq!(sequences.judge(&batch(0, 3, 2)), Verdict::Known(103));
        assert_eq!(sequences.judge(&batch(0, 5, 1)), Verdict::New);
    }

    #[test]
    fn a_batch_behind_a_gap_is_refused() {
        let sequences = after(&[batch(0, 0, 3)]);
        let refused = Verdict::Refused(ErrorCode::OutOfOrderSequenceNumber);
        assert_eq!(sequences.judge(&batch(0, 4, 1)), refused);
        assert_eq!(sequences.judge(&batch(1, 3, 1)), refused);
    }

    #[test]
    fn a_new_epoch_begins_anew_and_ends_the_one_before() {
        let sequences = after(&[batch(0, 0, 3), batch(1, 0, 1)]);
        assert_eq!(sequences.judge(&batch(1, 1, 1)), Verdict::New);
        let refused = Verdict::Refused(ErrorCode::InvalidProducerEpoch);
        assert_eq!(sequences.judge(&batch(0, 3, 1)), refused);
    }

    #[test]
    fn sequences_begin_again_after_the_greatest() {
        let sequences = after(&[batch(0, i32::MAX - 1, 3)]);
        assert_eq!(sequences.judge(&batch(0, 1, 1)), Verdict::New);
    }
}
