use super::store::Page;

/// Lower bound of the ids that the relay still has to read, kept in memory only.
///
/// Deleted rows stay in the index while a session holds an old snapshot. Without the bound each read would step over all of them:
/// throughput would fall for as long as the snapshot is open.
///
/// A transaction draws its xid before the ids of its events. So once every transaction up to an xid has ended, no event can appear
/// whose id was drawn before that xid.
#[derive(Debug, Default)]
pub(super) struct ReadFloor {
    id: i64,
    next: Option<Candidate>,
}

/// An id that becomes the bound once all transactions before `xid` have ended.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    xid: i64,
    id: i64,
}

impl ReadFloor {
    /// Returns the id up to which no unacknowledged event exists or can appear.
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// Updates the bound after the broker has acknowledged a whole page.
    ///
    /// `deleted` is the largest id that the reading statement deleted.
    pub(super) fn advance(&mut self, page: &Page, deleted: Option<i64>) {
        let Some(last) = page.rows.last() else {
            return;
        };
        if let Some(next) = self.next
            && last.horizon >= next.xid
        {
            self.id = self.id.max(if page.is_full {
                next.id.min(last.id)
            } else {
                next.id
            });
            if self.id == next.id {
                self.next = None;
            }
        }
        if self.next.is_none() {
            let candidate = last.xid.zip(deleted);
            self.next = candidate.map(|(xid, id)| Candidate { xid, id });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::store::OutboxRow;

    fn page(last: i64, horizon: i64, xid: Option<i64>, is_full: bool) -> Page {
        let rows = vec![OutboxRow {
            id: last,
            horizon,
            xid,
            ..OutboxRow::default()
        }];
        Page { rows, is_full }
    }

    #[test]
    fn bound_waits_for_transactions_that_may_have_smaller_ids() {
        let mut floor = ReadFloor::default();
        // Transaction 90 runs; the events up to id 7 were deleted by transaction 100.
        floor.advance(&page(8, 90, Some(100), false), Some(7));
        assert_eq!(floor.id(), 0);
        floor.advance(&page(9, 90, Some(101), false), Some(8));
        assert_eq!(floor.id(), 0);
        // It has ended, and what it had appended was read and acknowledged.
        floor.advance(&page(3, 102, Some(102), false), Some(9));
        assert_eq!(floor.id(), 7);
    }

    #[test]
    fn full_page_moves_bound_no_further_than_its_last_event() {
        let mut floor = ReadFloor::default();
        floor.advance(&page(8, 100, Some(100), false), Some(7));
        floor.advance(&page(3, 101, Some(101), true), Some(8));
        assert_eq!(floor.id(), 3);
        floor.advance(&page(12, 102, Some(102), true), Some(3));
        assert_eq!(floor.id(), 7);
    }
}
