use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use service_runtime::ids::UserId;

use super::Examined;
use crate::domain::{chain::Head, checkpoint::month_of, hash::Hash};

/// Sealed end of a chain in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedEnd {
    pub sequence: i64,
    /// First day of the month.
    pub month: NaiveDate,
    pub hash: Hash,
    pub checkpoint: i64,
}

/// Sealed ends of all chains.
#[derive(Debug, Clone, Default)]
pub struct Seals {
    chains: HashMap<UserId, Vec<SealedEnd>>,
    kept_from: Option<DateTime<Utc>>,
}

impl Seals {
    /// Adds the leaves of a checkpoint if it is genuine.
    pub fn add(&mut self, examined: Examined) {
        if !examined.is_genuine() {
            return;
        }
        let seal = examined.checkpoint.seal;
        self.kept_from = self.kept_from.max(seal.kept_from);
        for leaf in examined.leaves {
            self.chains
                .entry(leaf.user_id)
                .or_default()
                .push(SealedEnd {
                    sequence: leaf.sequence,
                    month: leaf.month,
                    hash: leaf.hash,
                    checkpoint: seal.number,
                });
        }
    }

    /// Returns the moment before which records are no longer kept by policy.
    pub fn kept_from(&self) -> Option<DateTime<Utc>> {
        self.kept_from
    }

    /// Removes and returns the sealed ends of a chain.
    pub fn take(&mut self, user_id: &UserId) -> Vec<SealedEnd> {
        self.chains.remove(user_id).unwrap_or_default()
    }

    /// Returns the chains that were not taken.
    pub fn into_rest(self) -> HashMap<UserId, Vec<SealedEnd>> {
        self.chains
    }
}

/// Returns the last record of a chain that policy has dropped, as the checkpoints know it.
pub fn last_dropped(sealed: &[SealedEnd], kept_from: Option<DateTime<Utc>>) -> Head {
    let Some(kept_from) = kept_from.map(month_of) else {
        return Head::EMPTY;
    };
    let dropped = sealed.iter().filter(|end| end.month < kept_from);
    dropped
        .max_by_key(|end| end.sequence)
        .map_or(Head::EMPTY, |end| Head {
            sequence: end.sequence,
            hash: end.hash,
            record_time: None,
        })
}
