use std::{collections::HashMap, mem};

use service_runtime::ids::UserId;

use super::{ChainCheck, Finding, FindingKind, Seals, last_dropped};
use crate::domain::{hash::Hash, record::Hashed};

/// Required extent of an excerpt.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Whether the chains of all users are to be there, from their first record that policy keeps; else users, and records at the
    /// beginning of a chain, may have been left out.
    pub whole: bool,
    /// Last checkpoint whose sealed records must be present.
    pub up_to: i64,
}

/// Checks records of many users that were taken out of the service, perhaps not all of them. Each user's come in the order of the chain.
pub struct ExcerptCheck {
    seals: Seals,
    extent: Extent,
    chains: HashMap<UserId, ChainCheck>,
    records: i64,
    before: i64,
}

/// Result of the check of an excerpt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub records: i64,
    pub chains: i64,
    /// Records that no checkpoint seals.
    pub unsealed: i64,
    /// Records before the first present one of each chain.
    pub before: i64,
    /// Sealed chains without any record in the excerpt.
    pub absent: i64,
    pub findings: Vec<Finding>,
}

impl ExcerptCheck {
    /// Creates a check against sealed ends.
    pub fn new(seals: Seals, extent: Extent) -> Self {
        Self {
            seals,
            extent,
            chains: HashMap::new(),
            records: 0,
            before: 0,
        }
    }

    /// Checks the next record.
    pub fn push(&mut self, record: Hashed) {
        self.records += 1;
        let user_id = &record.record.entry.user_id;
        if let Some(check) = self.chains.get_mut(user_id) {
            check.push(record);
            return;
        }
        let user_id = user_id.clone();
        let mut check = self.begin(&user_id, record.record.sequence);
        check.push(record);
        self.chains.insert(user_id, check);
    }

    pub fn finish(mut self) -> Checked {
        let mut checked = Checked {
            records: self.records,
            chains: i64::try_from(self.chains.len()).unwrap_or(i64::MAX),
            ..Checked::default()
        };
        let mut chains: Vec<_> = mem::take(&mut self.chains).into_iter().collect();
        chains.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (_, mut check) in chains {
            let findings = check.finish_excerpt(self.extent.up_to);
            checked.findings.extend(findings);
            checked.unsealed += check.unsealed();
        }
        checked.before = self.before;
        self.look_for_the_rest(&mut checked);
        checked
    }

    /// Starts the check of a chain whose first record has this sequence.
    fn begin(&mut self, user_id: &UserId, sequence: i64) -> ChainCheck {
        let sealed = self.seals.take(user_id);
        let dropped = last_dropped(&sealed, self.seals.kept_from()).sequence;
        let there = sequence.max(1);
        let first = match self.extent.whole {
            // Policy drops records some time after it gives them up.
            true => there.min(dropped + 1),
            false => there,
        };
        self.before = self.before.saturating_add((first - 1 - dropped).max(0));
        let link = match first {
            1 => Some(Hash::ZERO),
            _ => sealed
                .iter()
                .find(|end| end.sequence == first - 1)
                .map(|end| end.hash),
        };
        ChainCheck::new(user_id.clone(), first, link, sealed)
    }

    fn look_for_the_rest(self, checked: &mut Checked) {
        let Extent { whole, up_to } = self.extent;
        let kept_from = self.seals.kept_from();
        let mut rest: Vec<_> = self.seals.into_rest().into_iter().collect();
        rest.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (user_id, sealed) in rest {
            let dropped = last_dropped(&sealed, kept_from).sequence;
            let expected = sealed.iter().filter(|end| end.checkpoint <= up_to);
            match expected.max_by_key(|end| end.sequence) {
                Some(last) if last.sequence > dropped && whole => checked.findings.push(Finding {
                    kind: FindingKind::CutOff,
                    user_id: Some(user_id),
                    first: dropped + 1,
                    last: last.sequence,
                    checkpoint: last.checkpoint,
                }),
                Some(last) if last.sequence > dropped => checked.absent += 1,
                _ => {}
            }
        }
    }
}
