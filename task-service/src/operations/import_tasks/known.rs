use std::collections::{HashMap, HashSet};

use service_runtime::{
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};

use crate::{
    domain::TaskId,
    files::{FileTask, identity_of_id},
    store::{self, imported::Known},
};

/// Existing tasks that a file contains or refers to.
pub struct KnownTasks {
    by_id: HashMap<TaskId, Known>,
    by_import_id: HashMap<String, TaskId>,
}

impl KnownTasks {
    /// Looks for them: by the ids that they were imported under, and by their own, which a file of the same user has.
    pub async fn find(
        tx: &mut AsyncPgConnection,
        user_id: &UserId,
        tasks: &[FileTask],
    ) -> Result<Self, DatabaseError> {
        let mut identities: HashSet<String> = HashSet::new();
        for task in tasks {
            identities.insert(task.identity.clone());
            let others = task.depends_on.iter().chain([&task.parent]);
            let others = others.filter(|id| !id.is_empty());
            identities.extend(others.map(|id| identity_of_id(id)));
        }
        // No task has such an id, and PostgreSQL takes no text with this character.
        identities.retain(|identity| !identity.contains('\0'));
        let ids: Vec<TaskId> = identities.iter().filter_map(|id| id.parse().ok()).collect();
        let import_ids: Vec<&str> = identities.iter().map(String::as_str).collect();
        let found = store::imported::find(tx, user_id, &ids, &import_ids).await?;
        let mut known = Self {
            by_id: HashMap::new(),
            by_import_id: HashMap::new(),
        };
        for task in found {
            if let Some(import_id) = &task.import_id {
                known.by_import_id.insert(import_id.clone(), task.id);
            }
            known.by_id.insert(task.id, task);
        }
        Ok(known)
    }

    /// Returns the task that has an identity, also a deleted one.
    pub fn get(&self, identity: &str) -> Option<&Known> {
        let imported = self.by_import_id.get(identity).copied();
        let id = imported.or_else(|| identity.parse().ok())?;
        self.by_id.get(&id)
    }

    /// Returns a task that others can hang together with.
    pub fn living(&self, identity: &str) -> Option<&Known> {
        self.get(identity).filter(|known| !known.deleted)
    }

    /// Returns whether a task is still to do.
    pub fn is_open(&self, id: TaskId) -> bool {
        let known = self.by_id.get(&id);
        known.is_some_and(|known| !known.deleted && !known.completed)
    }
}
