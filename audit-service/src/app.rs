//! The handles that operations need.

use std::sync::Arc;

use service_runtime::{clock::Clock, ids::Ids, postgres::Database};

use crate::{
    chain_writer::ChainWriter,
    domain::signing::{SealKey, SealingKey},
};

/// What operations work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Writer of the chains.
    pub writer: ChainWriter,
    /// The database.
    pub database: Database,
    /// The clock of this process.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// What signs checkpoints.
    pub key: Arc<SealingKey>,
    /// What checkpoints may be signed with: that key, and former ones.
    pub seal_keys: Arc<[SealKey]>,
}
