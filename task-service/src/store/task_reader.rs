use std::{collections::HashMap, sync::Arc};

use diesel::{
    expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate},
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, Bool, Text, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{BatchLoader, Database, DatabaseError},
};
use uuid::Uuid;

use super::{schema::task_view, task_row::TaskRow};
use crate::domain::{Task, TaskId};

/// Reads tasks that are asked for one by one.
#[derive(Debug, Clone)]
pub struct TaskReader(BatchLoader<(UserId, TaskId), Arc<Task>>);

impl TaskReader {
    /// Reads from a database.
    pub fn new(database: Database) -> Self {
        Self(BatchLoader::new(move |keys| {
            let (database, among) = (database.clone(), Among::new(&keys));
            async move {
                database
                    .read("find_tasks", async |tx: &mut AsyncPgConnection| {
                        find(tx, &among).await
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
        self.0.find((user_id.clone(), id)).await
    }
}

async fn find(
    tx: &mut AsyncPgConnection,
    among: &Among,
) -> Result<HashMap<(UserId, TaskId), Arc<Task>>, DatabaseError> {
    let rows: Vec<TaskRow> = task_view::table
        .filter(among)
        .select(TaskRow::as_select())
        .load(tx)
        .await?;
    let tasks = rows.into_iter().map(TaskRow::into_task);
    tasks
        .map(|task| task.map(|task| ((task.user_id.clone(), task.id), Arc::new(task))))
        .collect()
}

/// The condition that a task is one of these.
#[derive(Debug, QueryId)]
struct Among {
    users: Vec<String>,
    ids: Vec<Uuid>,
}

impl Among {
    fn new(keys: &[(UserId, TaskId)]) -> Self {
        let (users, ids) = keys
            .iter()
            .map(|(user_id, id)| (user_id.to_string(), id.as_uuid()))
            .unzip();
        Self { users, ids }
    }
}

impl Expression for Among {
    type SqlType = Bool;
}

impl AppearsOnTable<task_view::table> for Among {}

impl ValidGrouping<()> for Among {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Pg> for Among {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(task_view.user_id, task_view.id) IN (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.users)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<UuidType>, _>(&self.ids)?;
        out.push_sql("))");
        Ok(())
    }
}
