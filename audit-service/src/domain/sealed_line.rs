//! A checkpoint with its leaves as a line of the checkpoint file: JSON that also other programs can read.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    checkpoint::{Checkpoint, Leaf, Seal},
    hash::{Hash, bytes_from_hex},
};

/// A line of the checkpoint file; hashes and the signature are hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedLine {
    pub number: i64,
    event_id: Uuid,
    event_time: DateTime<Utc>,
    previous_hash: String,
    root_hash: String,
    record_count: i64,
    kept_from: Option<DateTime<Utc>>,
    key_id: String,
    signature: String,
    leaves: Vec<LeafOfLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LeafOfLine {
    user_id: String,
    month: NaiveDate,
    sequence: i64,
    hash: String,
}

/// A line that is no checkpoint.
#[derive(Debug, thiserror::Error)]
#[error("the field {0} of a checkpoint is malformed")]
pub struct MalformedLine(&'static str);

impl SealedLine {
    pub fn new(checkpoint: &Checkpoint, leaves: &[Leaf]) -> Self {
        let Checkpoint { seal, signature } = checkpoint;
        Self {
            number: seal.number,
            event_id: seal.event_id,
            event_time: seal.event_time,
            previous_hash: seal.previous_hash.to_string(),
            root_hash: seal.root_hash.to_string(),
            record_count: seal.record_count,
            kept_from: seal.kept_from,
            key_id: seal.key_id.clone(),
            signature: signature.iter().map(|byte| format!("{byte:02x}")).collect(),
            leaves: leaves
                .iter()
                .map(|leaf| LeafOfLine {
                    user_id: leaf.user_id.to_string(),
                    month: leaf.month,
                    sequence: leaf.sequence,
                    hash: leaf.hash.to_string(),
                })
                .collect(),
        }
    }

    pub fn into_checkpoint(self) -> Result<(Checkpoint, Vec<Leaf>), MalformedLine> {
        let hash =
            |text: &str, field: &'static str| Hash::from_hex(text).ok_or(MalformedLine(field));
        let seal = Seal {
            event_id: self.event_id,
            event_time: self.event_time,
            number: self.number,
            previous_hash: hash(&self.previous_hash, "previous_hash")?,
            root_hash: hash(&self.root_hash, "root_hash")?,
            leaf_count: i64::try_from(self.leaves.len()).unwrap_or(i64::MAX),
            record_count: self.record_count,
            kept_from: self.kept_from,
            key_id: self.key_id,
        };
        let leaves = self
            .leaves
            .into_iter()
            .map(|leaf| {
                Ok(Leaf {
                    user_id: leaf
                        .user_id
                        .parse()
                        .map_err(|_| MalformedLine("leaves.user_id"))?,
                    month: leaf.month,
                    sequence: leaf.sequence,
                    hash: hash(&leaf.hash, "leaves.hash")?,
                })
            })
            .collect::<Result<_, _>>()?;
        let signature = bytes_from_hex(&self.signature).ok_or(MalformedLine("signature"))?;
        Ok((Checkpoint { seal, signature }, leaves))
    }
}
