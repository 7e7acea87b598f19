//! Results of an undo.

use taskmesh_proto::task::v1 as pb;

use crate::operations::Undone;

impl From<&Undone> for pb::UndoOperationResponse {
    fn from(undone: &Undone) -> Self {
        let Undone {
            operation_id,
            tasks,
            others,
            not_undone,
        } = undone;
        Self {
            operation_id: operation_id.map(|id| id.to_string()).unwrap_or_default(),
            tasks: tasks.iter().map(Into::into).collect(),
            others: others
                .iter()
                .map(|(kind, id)| pb::Undone {
                    kind: kind.word().to_owned(),
                    id: id.map(|id| id.to_string()).unwrap_or_default(),
                })
                .collect(),
            not_undone: not_undone
                .iter()
                .map(|(kind, id, reason)| pb::NotUndone {
                    kind: kind.word().to_owned(),
                    id: id.map(|id| id.to_string()).unwrap_or_default(),
                    reason: reason.clone(),
                })
                .collect(),
        }
    }
}
