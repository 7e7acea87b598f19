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

/// A seal that has no signature yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Identifies the event that tells of it.
    pub event_id: Uuid,
    /// When it was made.
    pub event_time: DateTime<Utc>,
    /// Its number, from 1 on without gaps.
    pub number: i64,
    /// The hash of the one before; zeros for the first.
    pub previous_hash: Hash,
    /// The root over its leaves.
    pub root_hash: Hash,
    /// How many leaves it has.
    pub leaf_count: i64,
    /// How many records there were in all.
    pub record_count: i64,
    /// Records before this moment are no longer kept by policy.
    pub kept_from: Option<DateTime<Utc>>,
    /// Names the key that signs it.
    pub key_id: String,
}

impl Seal {
    /// Returns the hash, which is what is signed and what the next checkpoint names.
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

/// A signed seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is signed.
    pub seal: Seal,
    /// The Ed25519 signature over its hash.
    pub signature: Vec<u8>,
}

/// What a checkpoint says of one chain: its last record in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The user whose chain it is.
    pub user_id: UserId,
    /// The first day of the month in which the record was made.
    pub month: NaiveDate,
    /// The place of the record.
    pub sequence: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Leaf {
    /// Returns the hash that goes into the tree.
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

/// Puts leaves into the order of the tree, by user and month, and returns the root over them.
pub fn root_of(leaves: &mut [Leaf]) -> Hash {
    leaves.sort_by(|one, other| (&one.user_id, one.month).cmp(&(&other.user_id, other.month)));
    merkle::root(leaves.iter().map(Leaf::leaf_hash))
}

/// Returns the first day of the month of a moment, by which records are kept.
pub fn month_of(moment: DateTime<Utc>) -> NaiveDate {
    let date = moment.date_naive();
    date.with_day(1).unwrap_or(date)
}
