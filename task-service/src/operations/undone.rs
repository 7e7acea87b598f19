use uuid::Uuid;

use crate::{
    domain::{OperationId, Task},
    store::operation_change::EntityKind,
};

pub(super) const NEWER: &str = "has changed since; undo that change first, or change it explicitly";
pub(super) const GONE: &str = "no longer exists";

/// Result of an undo.
#[derive(Debug, Default)]
pub struct Undone {
    /// Operation id of the undo; none if nothing was restored.
    pub operation_id: Option<OperationId>,
    /// Restored tasks.
    pub tasks: Vec<Task>,
    /// Other restored resources.
    pub others: Vec<(EntityKind, Option<Uuid>)>,
    /// Resources that were not restored, with the reasons.
    pub not_undone: Vec<(EntityKind, Option<Uuid>, String)>,
}
