//! The checkpoints of this service, for the outbox, to be appended in the transaction that keeps them.

use service_runtime::{
    clock::timestamp,
    outbox::{OutboxEvent, OutboxRow},
};
use taskmesh_proto::{audit::v1 as pb, topics};

use crate::domain::checkpoint::Checkpoint;

/// Returns the event of a new checkpoint.
pub fn checkpoint_made(checkpoint: &Checkpoint) -> OutboxRow {
    let seal = &checkpoint.seal;
    OutboxEvent {
        topic: &topics::AUDIT_CHECKPOINTS,
        // A key of its own, so that compaction keeps every checkpoint.
        key: seal.number.to_string(),
        id: seal.event_id,
        kind: "taskmesh.audit.v1.CheckpointMade",
        subject: seal.number.to_string(),
        time: seal.event_time,
        aggregate_version: seal.number,
        message: &pb::Checkpoint::from(checkpoint),
    }
    .into()
}

impl From<&Checkpoint> for pb::Checkpoint {
    fn from(checkpoint: &Checkpoint) -> Self {
        let Checkpoint { seal, signature } = checkpoint;
        Self {
            event_id: seal.event_id.to_string(),
            event_time: Some(timestamp(seal.event_time)),
            number: seal.number,
            previous_hash: seal.previous_hash.as_bytes().to_vec(),
            root_hash: seal.root_hash.as_bytes().to_vec(),
            leaf_count: seal.leaf_count,
            record_count: seal.record_count,
            kept_from: seal.kept_from.map(timestamp),
            key_id: seal.key_id.clone(),
            signature: signature.clone(),
        }
    }
}
