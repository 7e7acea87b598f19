use super::{Finding, FindingKind};
use crate::domain::{
    checkpoint::{Checkpoint, Leaf, root_of},
    hash::Hash,
    signing::SealKey,
};

/// Checks checkpoints, one after the other.
pub struct CheckpointCheck<'a> {
    /// Those that may have signed: one, or several after the key was changed.
    keys: &'a [SealKey],
    number: i64,
    hash: Hash,
    findings: Vec<Finding>,
}

impl<'a> CheckpointCheck<'a> {
    /// Begins before the first checkpoint.
    pub fn new(keys: &'a [SealKey]) -> Self {
        Self {
            keys,
            number: 0,
            hash: Hash::ZERO,
            findings: Vec::new(),
        }
    }

    /// Looks at the next checkpoint, in the order of the numbers; tells whether its leaves can be believed. Without leaves, only the
    /// signature and the place are checked.
    pub fn push(&mut self, checkpoint: &Checkpoint, leaves: Option<&mut Vec<Leaf>>) -> bool {
        let seal = &checkpoint.seal;
        for missing in self.number + 1..seal.number {
            self.find(missing);
        }
        let follows = seal.number != self.number + 1 || seal.previous_hash == self.hash;
        let is_signed = self.keys.iter().any(|key| key.has_signed(checkpoint));
        let is_whole = leaves.is_none_or(|leaves| {
            i64::try_from(leaves.len()) == Ok(seal.leaf_count) && root_of(leaves) == seal.root_hash
        });
        let in_order = seal.number > self.number;
        if !(follows && is_signed && is_whole && in_order) {
            self.find(seal.number);
        }
        if in_order {
            self.number = seal.number;
            self.hash = seal.hash();
        }
        is_signed && is_whole
    }

    /// Returns the number of the last checkpoint.
    pub fn last_number(&self) -> i64 {
        self.number
    }

    /// Ends the check.
    pub fn finish(self) -> Vec<Finding> {
        self.findings
    }

    fn find(&mut self, number: i64) {
        self.findings.push(Finding {
            kind: FindingKind::Checkpoint,
            user_id: None,
            first: 0,
            last: 0,
            checkpoint: number,
        });
    }
}
