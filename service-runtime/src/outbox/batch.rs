use super::{
    position::{Outcome, Position, Progress, after_batch},
    relay::Pace,
    store::{self, OutboxRow, Read},
};
use crate::postgres::{AsyncPgConnection, DatabaseError};

/// So many bytes of payload go to the broker at once, or one event.
const BATCH_BYTES: usize = 8 << 20;

/// What goes to the broker at once.
pub(super) struct Batch {
    /// The events, part by part.
    pub rows: Vec<OutboxRow>,
    parts: Vec<Part>,
    is_all: bool,
}

/// Some events that become visible together, and where that leaves their lanes.
struct Part {
    lanes: Vec<i16>,
    start: Position,
    upto: String,
    /// Whether these are all.
    is_whole: bool,
    count: usize,
}

impl Batch {
    /// Reads for groups of lanes what a snapshot sees and the broker has not acknowledged, as much as goes into one batch.
    pub(super) async fn read(
        connection: &mut AsyncPgConnection,
        groups: Vec<(Position, Vec<i16>)>,
        snapshot: &str,
        pace: &Pace,
    ) -> Result<Self, DatabaseError> {
        let mut batch = Self {
            rows: Vec::new(),
            parts: Vec::new(),
            is_all: true,
        };
        let mut bytes_left = BATCH_BYTES;
        for (start, lanes) in groups {
            let limit = pace.batch - batch.rows.len();
            if limit == 0 || bytes_left == 0 || batch.parts.iter().any(|part| !part.is_whole) {
                batch.is_all = false;
                break;
            }
            let (part, mut rows) =
                Part::read(connection, start, lanes, snapshot, limit, pace.most_sorted).await?;
            let is_fitting = |row: &&OutboxRow| {
                let fits = bytes_left > 0;
                bytes_left = bytes_left.saturating_sub(row.payload.len());
                fits
            };
            let count = rows.iter().take_while(is_fitting).count();
            batch.parts.push(Part {
                is_whole: part.is_whole && count == rows.len(),
                count,
                ..part
            });
            rows.truncate(count);
            batch.rows.append(&mut rows);
        }
        Ok(batch)
    }

    /// Returns whether there may be more to send that the snapshot sees.
    pub(super) fn is_followed(&self, snapshot: &str) -> bool {
        let is_more = |part: &Part| !part.is_whole || part.upto != snapshot;
        !self.is_all || self.parts.iter().any(is_more)
    }

    /// Tells how far the lanes are, given what became of each event.
    pub(super) fn progress(&self, outcomes: &[Outcome]) -> Vec<Progress> {
        let mut first = 0;
        let progress = |part: &Part| {
            let own = &outcomes[first..first + part.count];
            first += part.count;
            after_batch(&part.lanes, &part.start, &part.upto, part.is_whole, own)
        };
        self.parts.iter().map(progress).collect()
    }
}

impl Part {
    async fn read(
        connection: &mut AsyncPgConnection,
        mut start: Position,
        lanes: Vec<i16>,
        snapshot: &str,
        most: usize,
        most_sorted: i64,
    ) -> Result<(Self, Vec<OutboxRow>), DatabaseError> {
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let mut found = None;
        if start.under_way.is_none() {
            let new = store::list_new(
                connection,
                &lanes,
                &start.seen,
                snapshot,
                limit,
                most_sorted,
            );
            match new.await? {
                Read::Rows(rows) => found = Some((snapshot.to_owned(), rows)),
                Read::TooMany => start = start.within(snapshot, 0),
            }
        }
        let (upto, rows) = match (found, &start.under_way) {
            (None, Some(under_way)) => {
                let rows = store::list_under_way(connection, &lanes, &start.seen, under_way, limit);
                (under_way.upto.clone(), rows.await?)
            }
            (found, _) => found.unwrap_or_default(),
        };
        let part = Self {
            lanes,
            start,
            upto,
            is_whole: rows.len() < most,
            count: rows.len(),
        };
        Ok((part, rows))
    }
}
