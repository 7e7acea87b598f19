use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use service_runtime::ids::UserId;

use super::{Finding, FindingKind, SealedEnd};
use crate::domain::{
    chain::Head,
    hash::Hash,
    record::{Hashed, Record, hash},
};

/// More findings in one chain say nothing that these do not.
const MOST_FINDINGS: usize = 1_000;
/// Maximum number of positions and records that are searched for moved records; more are reported as changed.
const MOST_MOVED: usize = 1_000;

pub struct ChainCheck {
    user_id: UserId,
    sealed: BTreeMap<i64, SealedEnd>,
    /// The place that comes next, and the hash that the record there must name, if that is known.
    next: i64,
    link: Option<Hash>,
    /// The last place of which a checkpoint confirms all that comes before.
    confirmed: i64,
    /// Records at the place that is being looked at, while it is not known whether it has more.
    at_place: Vec<Hashed>,
    /// Records whose contents do not fit their hashes.
    broken: Vec<Record>,
    findings: Vec<Finding>,
    checked: i64,
}

impl ChainCheck {
    /// Creates a check from a position on, given the sealed ends; the record there must contain the previous hash, if that is known.
    pub fn new(
        user_id: UserId,
        first: i64,
        link: Option<Hash>,
        sealed: impl IntoIterator<Item = SealedEnd>,
    ) -> Self {
        let sealed = sealed.into_iter().filter(|end| end.sequence >= first);
        Self {
            user_id,
            sealed: sealed.map(|end| (end.sequence, end)).collect(),
            next: first,
            link,
            confirmed: first - 1,
            at_place: Vec::new(),
            broken: Vec::new(),
            findings: Vec::new(),
            checked: 0,
        }
    }

    /// Checks the next record, in the order of the chain.
    pub fn push(&mut self, record: impl Into<Hashed>) {
        let record = record.into();
        self.checked += 1;
        let same_place = |other: &Hashed| other.record.sequence == record.record.sequence;
        if !self.at_place.first().is_none_or(same_place) {
            self.settle_place(Some(record.record.previous_hash));
        }
        // Of a thousand at one place, another one changes nothing.
        if self.at_place.len() < MOST_MOVED {
            self.at_place.push(record);
        }
    }

    pub fn checked(&self) -> i64 {
        self.checked
    }

    /// Returns the number of records after the last sealed one.
    pub fn unsealed(&self) -> i64 {
        let sealed = self.sealed.keys().next_back().copied().unwrap_or(0);
        let end = self.next - 1;
        (end - sealed.max(self.confirmed)).max(0)
    }

    /// Ends the check; the head is what the service itself says of the chain's end, if it is known.
    pub fn finish(&mut self, head: Option<&Head>) -> Vec<Finding> {
        self.settle_place(head.map(|head| head.hash));
        let end = self.next - 1;
        if let Some((_, last)) = self.sealed.last_key_value()
            && last.sequence > end
        {
            let (sequence, checkpoint) = (last.sequence, last.checkpoint);
            self.find(FindingKind::CutOff, end + 1, sequence, checkpoint);
        } else if let Some(head) = head {
            if head.sequence > end {
                self.find(FindingKind::CutOff, end + 1, head.sequence, 0);
            } else if head.sequence < end {
                // Put at the end past the service, which knows of fewer.
                self.find(FindingKind::Inserted, head.sequence + 1, end, 0);
            } else if self.link.is_some_and(|link| link != head.hash) {
                self.find(FindingKind::Rewritten, self.confirmed + 1, end, 0);
            }
        }
        self.tell_moved();
        mem::take(&mut self.findings)
    }

    /// Ends the check where records may have been left out at the end: only what this checkpoint and those before it have sealed must be
    /// there.
    pub fn finish_excerpt(&mut self, checkpoint: i64) -> Vec<Finding> {
        self.settle_place(None);
        let next = self.next;
        self.sealed
            .retain(|sequence, place| *sequence < next || place.checkpoint <= checkpoint);
        self.finish(None)
    }

    /// Of several records at one place, at most one belongs there: most likely the one that whatever comes behind it names.
    fn settle_place(&mut self, named_behind: Option<Hash>) {
        let mut records = mem::take(&mut self.at_place);
        if records.len() > 1 {
            let belongs = |hashed: &Hashed| {
                let record = &hashed.record;
                hashed.fits()
                    && self.link.is_none_or(|link| link == record.previous_hash)
                    && self
                        .sealed
                        .get(&record.sequence)
                        .is_none_or(|place| place.hash == record.hash)
            };
            let is_named = |hashed: &Hashed| Some(hashed.record.hash) == named_behind;
            let kept = records
                .iter()
                .position(|hashed| belongs(hashed) && is_named(hashed))
                .or_else(|| records.iter().position(belongs))
                .unwrap_or(0);
            let sequence = records[kept].record.sequence;
            self.find(FindingKind::Inserted, sequence, sequence, 0);
            records.swap(0, kept);
            records.truncate(1);
        }
        if let Some(record) = records.pop() {
            self.check(record);
        }
    }

    fn check(&mut self, hashed: Hashed) {
        let fits = hashed.fits();
        let record = hashed.record;
        let sequence = record.sequence;
        if sequence < self.next || (!fits && sequence != self.next) {
            // A stray: the chain continues without it.
            let kind = if fits {
                FindingKind::Inserted
            } else {
                FindingKind::Changed
            };
            self.find(kind, sequence, sequence, 0);
            self.set_aside(record);
            return;
        }
        if sequence > self.next {
            self.find(FindingKind::Removed, self.next, sequence - 1, 0);
            self.link = self.sealed.get(&(sequence - 1)).map(|place| place.hash);
        }
        if !fits {
            self.find(FindingKind::Changed, sequence, sequence, 0);
        } else if self.link.is_some_and(|link| link != record.previous_hash) {
            // One of the two was rewritten, after the last confirmed position.
            let first = (self.confirmed + 1).min(sequence);
            self.find(FindingKind::Rewritten, first, sequence, 0);
        }
        if let Some(place) = self.sealed.get(&sequence).copied() {
            if place.hash != record.hash {
                self.find(
                    FindingKind::Rewritten,
                    self.confirmed + 1,
                    sequence,
                    place.checkpoint,
                );
            }
            // Told once: what comes after is measured against the next checkpoint.
            self.confirmed = sequence;
        }
        self.next = sequence.saturating_add(1);
        // A record that does not fit its hash says nothing about the next.
        self.link = fits.then_some(record.hash);
        if !fits {
            self.set_aside(record);
        }
    }

    /// A record that does not fit its hash at its place may fit it at another one at which something is wrong, too.
    fn tell_moved(&mut self) {
        let suspects: BTreeSet<i64> = self
            .findings
            .iter()
            // A long gap is not searched: that a record was changed there is said already.
            .filter(|finding| finding.last - finding.first < 1_000)
            .flat_map(|finding| finding.first..=finding.last)
            .take(MOST_MOVED)
            .collect();
        for record in mem::take(&mut self.broken) {
            let fits_at = |place: &i64| {
                *place != record.sequence
                    && hash(
                        &record.entry,
                        *place,
                        record.record_time,
                        record.previous_hash,
                    ) == record.hash
            };
            if suspects.iter().any(fits_at) {
                for finding in &mut self.findings {
                    let here = (record.sequence, record.sequence);
                    if finding.kind == FindingKind::Changed && (finding.first, finding.last) == here
                    {
                        finding.kind = FindingKind::Moved;
                    }
                }
            }
        }
    }

    fn set_aside(&mut self, broken: Record) {
        if self.broken.len() < MOST_MOVED {
            self.broken.push(broken);
        }
    }

    fn find(&mut self, kind: FindingKind, first: i64, last: i64, checkpoint: i64) {
        // Consecutive rewritten records are one finding, however many checkpoints show it.
        if let Some(before) = self.findings.last_mut()
            && (before.kind, kind) == (FindingKind::Rewritten, FindingKind::Rewritten)
            && first <= before.last + 1
        {
            before.last = before.last.max(last);
            before.checkpoint = before.checkpoint.max(checkpoint);
            return;
        }
        if self.findings.len() >= MOST_FINDINGS {
            return;
        }
        self.findings.push(Finding {
            kind,
            user_id: Some(self.user_id.clone()),
            first,
            last,
            checkpoint,
        });
    }
}
