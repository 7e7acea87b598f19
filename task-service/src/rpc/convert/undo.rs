//! Results of an undo.

use taskmesh_proto::task::v1 as pb;

use super::answer::text;
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
            operation_id: text(*operation_id),
            tasks: tasks.iter().map(Into::into).collect(),
            others: others
                .iter()
                .map(|(kind, id)| pb::Undone {
                    kind: kind.word().to_owned(),
                    id: text(*id),
                })
                .collect(),
            not_undone: not_undone
                .iter()
                .map(|(kind, id, reason)| pb::NotUndone {
                    kind: kind.word().to_owned(),
                    id: text(*id),
                    reason: reason.clone(),
                })
                .collect(),
        }
    }
}
