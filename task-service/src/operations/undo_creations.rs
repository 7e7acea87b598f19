//! Takes back the tasks that an operation created: thousands of them, if it was an import, so all at once.

use std::collections::{HashMap, HashSet};

use super::{
    undone::{GONE, NEWER, Undone},
    unit_of_work::UnitOfWork,
};
use crate::{
    domain::{Task, TaskId},
    error::Error,
    store::{
        self,
        operation_change::{EntityKind, OperationChange},
    },
};

const HAS_PARTS: &str = "has subtasks now; delete it explicitly";

/// Splits off the tasks that were created.
pub fn split(changes: Vec<OperationChange>) -> (Vec<OperationChange>, Vec<OperationChange>) {
    changes
        .into_iter()
        .partition(|change| change.kind == EntityKind::Task && change.before.is_none())
}

/// Deletes the tasks that were created, unless they have changed since or have got parts that stay.
pub async fn undo(
    work: &mut UnitOfWork<'_>,
    creations: Vec<OperationChange>,
    undone: &mut Undone,
) -> Result<(), Error> {
    let ids: Vec<TaskId> = creations
        .iter()
        .filter_map(|change| change.entity_id.map(TaskId::from))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let user_id = &work.caller().user_id;
    store::task::lock_all(work.tx(), user_id, &ids).await?;
    // No task becomes a part of one that is about to go.
    store::hierarchy::lock(work.tx(), user_id).await?;
    let tasks = store::task::find_all(work.tx(), user_id, &ids).await?;
    let parts = store::hierarchy::parts(work.tx(), user_id, &ids).await?;
    let mut found: HashMap<TaskId, Task> = tasks.into_iter().map(|task| (task.id, task)).collect();
    let versions = creations
        .iter()
        .zip(&ids)
        .map(|(change, id)| (*id, change.version));
    let is_untouched =
        |(id, version): &(TaskId, i64)| found.get(id).is_some_and(|task| task.version == *version);
    let mut going: HashSet<TaskId> = versions.filter(is_untouched).map(|(id, _)| id).collect();
    let untouched = going.clone();
    // A task whose subtasks stay stays, too, and so do its ancestors.
    while let Some((whole, _)) = parts
        .iter()
        .find(|(whole, part)| going.contains(whole) && !going.contains(part))
    {
        going.remove(whole);
    }
    let mut taken = Vec::new();
    for id in ids {
        let reason = match found.remove(&id) {
            None => GONE,
            Some(task) if going.contains(&id) => {
                taken.push(task);
                continue;
            }
            Some(_) if untouched.contains(&id) => HAS_PARTS,
            Some(_) => NEWER,
        };
        let what = (EntityKind::Task, Some(id.as_uuid()), reason.to_owned());
        undone.not_undone.push(what);
    }
    undone.tasks.extend(work.revert(taken).await?);
    Ok(())
}
