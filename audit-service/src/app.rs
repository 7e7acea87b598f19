//! The handles that operations need.

use std::sync::Arc;

use service_runtime::{clock::Clock, ids::Ids, postgres::Database};
use tokio::sync::Notify;

use crate::{
    chain_writer::ChainWriter,
    domain::signing::{SigningKey, VerifyingKey},
};

/// Handles of the operations; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub writer: ChainWriter,
    pub database: Database,
    pub clock: Clock,
    pub ids: Ids,
    /// Key that signs checkpoints.
    pub key: Arc<SigningKey>,
    /// Keys that verify checkpoints: the signing key's and former ones.
    pub verifying_keys: Arc<[VerifyingKey]>,
    /// Wakes the writer of the checkpoint file after a new checkpoint.
    pub sealed: Arc<Notify>,
}
