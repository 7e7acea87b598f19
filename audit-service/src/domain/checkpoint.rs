//! Checkpoints: signed seals on the ends of all chains.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use service_runtime::ids::UserId;
use uuid::Uuid;

use super::{
    hash::{Hash, Hasher},
    merkle,
};

const PURPOSE: &str = "taskmesh.audit.v1.Checkpoint";
const LEAF: &str = "taskmesh.audit.v1.CheckpointLeaf";

/// Unsigned content of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Id of the event that reports it.
    pub event_id: Uuid,
    pub event_time: DateTime<Utc>,
    /// Numbers start at 1 and have no gaps.
    pub number: i64,
    /// Hash of the previous checkpoint; zeros for the first.
    pub previous_hash: Hash,
    /// Merkle root of the leaves.
    pub root_hash: Hash,
    pub leaf_count: i64,
    /// Total number of records.
    pub record_count: i64,
    /// Records before this moment are no longer kept by policy.
    pub kept_from: Option<DateTime<Utc>>,
    /// Id of the signing key.
    pub key_id: String,
}

impl Seal {
    /// Returns the hash, which is signed and which the next checkpoint contains.
    pub fn hash(&self) -> Hash {
        let Self {
            event_id,
            event_time,
            number,
            previous_hash,
            root_hash,
            leaf_count,
            record_count,
            kept_from,
            key_id,
        } = self;
        let hasher = Hasher::new(PURPOSE)
            .bytes(event_id.as_bytes())
            .moment(*event_time)
            .number(*number)
            .bytes(previous_hash.as_bytes())
            .bytes(root_hash.as_bytes())
            .number(*leaf_count)
            .number(*record_count);
        match kept_from {
            Some(moment) => hasher.moment(*moment),
            None => hasher.bytes(&[]),
        }
        .text(key_id)
        .finish()
    }
}

/// Signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Signed content.
    pub seal: Seal,
    /// The Ed25519 signature over its hash.
    pub signature: Vec<u8>,
}

/// Last record of one chain in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub user_id: UserId,
    /// The first day of the month in which the record was made.
    pub month: NaiveDate,
    pub sequence: i64,
    pub hash: Hash,
}

impl Leaf {
    /// Returns the hash in the Merkle tree.
    pub fn leaf_hash(&self) -> Hash {
        let Self {
            user_id,
            month,
            sequence,
            hash,
        } = self;
        Hasher::new(LEAF)
            .text(user_id.as_ref())
            .text(&month.to_string())
            .number(*sequence)
            .bytes(hash.as_bytes())
            .finish()
    }
}

/// Sorts leaves by user and month, the order of the tree, and returns their Merkle root.
pub fn root_of(leaves: &mut [Leaf]) -> Hash {
    leaves.sort_by(|one, other| (&one.user_id, one.month).cmp(&(&other.user_id, other.month)));
    merkle::root(leaves.iter().map(Leaf::leaf_hash))
}

/// Returns the first day of the month of a moment, by which records are kept.
pub fn month_of(moment: DateTime<Utc>) -> NaiveDate {
    let date = moment.date_naive();
    date.with_day(1).unwrap_or(date)
}
