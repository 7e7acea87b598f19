use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::store::OutboxRow;

/// How far a lane is: which of its events the broker has acknowledged. Snapshots are kept as PostgreSQL writes them.
///
/// Events become visible in another order than that of their ids, so that one id cannot tell. What one snapshot sees and an
/// earlier one does not is a set that never changes, and each such set is sent in the order of its ids. An event that was written
/// because another was committed lies in the same set with a larger id, or in a later set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Position {
    /// Everything that this snapshot sees was acknowledged.
    pub seen: String,
    /// The set that is under way, if it is too large for one batch or a part of it has failed.
    pub under_way: Option<UnderWay>,
}

/// A set of events of which a part was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct UnderWay {
    /// The set is what this snapshot sees in addition.
    pub upto: String,
    /// Those up to this id were acknowledged.
    pub after: i64,
}

impl Position {
    /// Everything that this snapshot sees was acknowledged.
    pub(super) fn at(seen: String) -> Self {
        Self {
            seen,
            under_way: None,
        }
    }

    /// Returns the position within the set up to a snapshot.
    pub(super) fn within(&self, upto: &str, after: i64) -> Self {
        Self {
            seen: self.seen.clone(),
            under_way: Some(UnderWay {
                upto: upto.to_owned(),
                after,
            }),
        }
    }
}

/// What became of one event of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub lane: i16,
    pub id: i64,
    pub is_acknowledged: bool,
    /// Since when it waits.
    since: Instant,
}

impl Outcome {
    /// Begins with an event of which nothing is known.
    pub(super) fn unknown(row: &OutboxRow) -> Self {
        let now = Instant::now();
        let age = Duration::try_from_secs_f64(row.age_seconds).unwrap_or_default();
        Self {
            lane: row.lane,
            id: row.id,
            is_acknowledged: false,
            since: now.checked_sub(age).unwrap_or(now),
        }
    }
}

/// What a batch has done to the lanes that it was read for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Lanes with their new positions.
    pub moved: Vec<(i16, Position)>,
    /// Lanes with an event that was not acknowledged, and since when that waits.
    pub failed: HashMap<i16, Instant>,
}

/// Tells how far lanes are after a batch that began at a position of theirs.
///
/// A lane stops before its first event that was not acknowledged, whatever became of those behind it.
pub(super) fn after_batch(
    lanes: &[i16],
    start: &Position,
    upto: &str,
    is_whole: bool,
    outcomes: &[Outcome],
) -> Progress {
    let end = match outcomes.last() {
        _ if is_whole => Position::at(upto.to_owned()),
        Some(last) => start.within(upto, last.id),
        None => start.clone(),
    };
    let mut progress = Progress::default();
    for lane in lanes {
        let mut own = outcomes.iter().filter(|outcome| outcome.lane == *lane);
        let mut acknowledged = None;
        let failure = own.find(|outcome| {
            if outcome.is_acknowledged {
                acknowledged = Some(outcome.id);
            }
            !outcome.is_acknowledged
        });
        let Some(failure) = failure else {
            progress.moved.push((*lane, end.clone()));
            continue;
        };
        progress.failed.insert(*lane, failure.since);
        if let Some(id) = acknowledged {
            progress.moved.push((*lane, start.within(upto, id)));
        }
    }
    progress
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(outcomes: &[(i16, i64, bool)]) -> Vec<Outcome> {
        let outcome = |(lane, id, is_acknowledged): &(i16, i64, bool)| Outcome {
            lane: *lane,
            id: *id,
            is_acknowledged: *is_acknowledged,
            since: Instant::now(),
        };
        outcomes.iter().map(outcome).collect()
    }

    #[test]
    fn a_whole_set_moves_all_its_lanes_to_its_end() {
        let start = Position::at("5:5:".to_owned());
        let sent = outcomes(&[(1, 10, true), (2, 11, true)]);
        let progress = after_batch(&[1, 2, 3], &start, "9:9:", true, &sent);
        let end = Position::at("9:9:".to_owned());
        let moved = [1, 2, 3].map(|lane| (lane, end.clone()));
        assert_eq!(progress.moved, moved);
        assert!(progress.failed.is_empty());
    }

    #[test]
    fn a_part_of_a_set_moves_all_its_lanes_to_its_last_id() {
        let start = Position::at("5:5:".to_owned());
        let sent = outcomes(&[(1, 10, true), (2, 11, true)]);
        let progress = after_batch(&[1, 2, 3], &start, "9:9:", false, &sent);
        let moved = [1, 2, 3].map(|lane| (lane, start.within("9:9:", 11)));
        assert_eq!(progress.moved, moved);
    }

    #[test]
    fn a_lane_stops_before_what_has_failed_and_the_others_go_on() {
        let start = Position::at("5:5:".to_owned());
        let sent = outcomes(&[
            (1, 10, true),
            (2, 11, false),
            (1, 12, false),
            (1, 13, true),
            (3, 14, true),
        ]);
        let progress = after_batch(&[1, 2, 3], &start, "9:9:", true, &sent);
        let moved = [
            (1, start.within("9:9:", 10)),
            (3, Position::at("9:9:".to_owned())),
        ];
        assert_eq!(progress.moved, moved);
        let failed = [(1, sent[2].since), (2, sent[1].since)];
        assert_eq!(progress.failed, HashMap::from(failed));
    }
}
