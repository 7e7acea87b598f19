use std::{collections::HashMap, sync::Arc};

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, Bool, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, Batcher, Database, DatabaseError},
};

use super::{related, schema::tasks, task_row::StoredTask};
use crate::domain::{Task, TaskId};

/// Reads tasks that are asked for one by one.
#[derive(Debug, Clone)]
pub struct TaskReader(Batcher<(UserId, TaskId), Option<Arc<Task>>>);

impl TaskReader {
    /// Reads from a database.
    pub fn new(database: Database) -> Self {
        Self(Batcher::new(1, move |keys| {
            let (database, keys) = (database.clone(), keys);
            async move {
                database
                    .read("find_tasks", async |tx: &mut AsyncPgConnection| {
                        find(tx, &keys).await
                    })
                    .await
            }
        }))
    }

    /// Reads a task.
    pub async fn find(
        &self,
        user_id: &UserId,
        id: TaskId,
    ) -> Result<Option<Arc<Task>>, DatabaseError> {
        self.0.call((user_id.clone(), id)).await
    }
}

/// Returns the task of each key, in their order.
async fn find(
    tx: &mut AsyncPgConnection,
    keys: &[(UserId, TaskId)],
) -> Result<Vec<Option<Arc<Task>>>, DatabaseError> {
    let users: Vec<&str> = keys.iter().map(|(user_id, _)| user_id.as_ref()).collect();
    let ids: Vec<TaskId> = keys.iter().map(|(_, id)| *id).collect();
    let is_one = sql::<Bool>("(tasks.user_id, tasks.id) IN (SELECT * FROM unnest(")
        .bind::<Array<Text>, _>(users)
        .sql(", ")
        .bind::<Array<SqlUuid>, _>(ids)
        .sql("))");
    let rows: Vec<StoredTask> = tasks::table
        .filter(is_one)
        .select(StoredTask::as_select())
        .fixed()
        .load(tx)
        .await?;
    let tasks = related::complete(tx, rows).await?.into_iter();
    let tasks: HashMap<_, _> = tasks
        .map(|task| ((task.user_id.clone(), task.id), Arc::new(task)))
        .collect();
    Ok(keys.iter().map(|key| tasks.get(key).cloned()).collect())
}
