use super::{Finding, FindingKind};
use crate::domain::{
    checkpoint::{Checkpoint, Leaf, root_of},
    hash::Hash,
    signing::VerifyingKey,
};

/// More findings say nothing that these do not.
const MOST_FINDINGS: usize = 1_000;

/// A checkpoint of which is known whether it is whole and signed, which is most of the work and can be found out on any thread.
#[derive(Debug)]
pub struct Examined {
    pub checkpoint: Checkpoint,
    pub leaves: Vec<Leaf>,
    hash: Hash,
    is_genuine: bool,
}

impl Examined {
    /// Examines a checkpoint; one of these keys must have signed it: one, or several after the key was changed.
    pub fn new(keys: &[VerifyingKey], checkpoint: Checkpoint, mut leaves: Vec<Leaf>) -> Self {
        let seal = &checkpoint.seal;
        let is_whole = i64::try_from(leaves.len()) == Ok(seal.leaf_count)
            && root_of(&mut leaves) == seal.root_hash;
        Self {
            hash: seal.hash(),
            is_genuine: is_whole && keys.iter().any(|key| key.has_signed(&checkpoint)),
            checkpoint,
            leaves,
        }
    }

    /// Returns whether it is complete and signed.
    pub fn is_genuine(&self) -> bool {
        self.is_genuine
    }
}

pub struct CheckpointCheck {
    number: i64,
    hash: Hash,
    findings: Vec<Finding>,
}

impl CheckpointCheck {
    /// Begins before the first checkpoint.
    pub fn new() -> Self {
        Self {
            number: 0,
            hash: Hash::ZERO,
            findings: Vec::new(),
        }
    }

    /// Checks the next checkpoint, in the order of the numbers.
    pub fn push(&mut self, examined: &Examined) {
        let seal = &examined.checkpoint.seal;
        let next = self.number.saturating_add(1);
        let follows = seal.number != next || seal.previous_hash == self.hash;
        let in_order = seal.number > self.number;
        // An unsigned checkpoint does not prove that others are missing.
        let counts = in_order && (examined.is_genuine || seal.number == next);
        if counts {
            for missing in next..seal.number {
                if !self.find(missing) {
                    break;
                }
            }
        }
        if !(follows && in_order && examined.is_genuine) {
            self.find(seal.number);
        }
        if counts {
            self.number = seal.number;
            self.hash = examined.hash;
        }
    }

    pub fn last_number(&self) -> i64 {
        self.number
    }

    pub fn finish(self) -> Vec<Finding> {
        self.findings
    }

    /// Returns whether there was room for the finding.
    fn find(&mut self, number: i64) -> bool {
        let has_room = self.findings.len() < MOST_FINDINGS;
        if has_room {
            self.findings.push(Finding {
                kind: FindingKind::Checkpoint,
                user_id: None,
                first: 0,
                last: 0,
                checkpoint: number,
            });
        }
        has_room
    }
}

impl Default for CheckpointCheck {
    fn default() -> Self {
        Self::new()
    }
}
