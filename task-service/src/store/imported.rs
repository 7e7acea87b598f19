//! Tasks by where they come from.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Array, Integer, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::schema::tasks;
use crate::domain::TaskId;

/// Deeper than any tree that the domain allows, so that a walk ends whatever the rows say.
const DEEPEST_WALK: i32 = 64;

/// State of an existing task that an import needs.
#[derive(Debug, Clone)]
pub struct Known {
    /// Identifies it.
    pub id: TaskId,
    /// Its id in the file that it was imported from.
    pub import_id: Option<String>,
    /// True if it is completed.
    pub completed: bool,
    /// True if it is deleted.
    pub deleted: bool,
}

/// Finds the tasks that have one of the ids, or were imported under one of the others.
#[tracing::instrument(name = "store.imported.find", level = "debug", skip_all)]
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
    import_ids: &[&str],
) -> Result<Vec<Known>, DatabaseError> {
    let columns = (
        tasks::id,
        tasks::import_id,
        tasks::complete_time.is_not_null(),
        tasks::delete_time.is_not_null(),
    );
    let of_user = || tasks::table.filter(tasks::user_id.eq(user_id.as_ref()));
    // Two statements, each with an index of its own.
    let mut rows: Vec<(TaskId, Option<String>, bool, bool)> = of_user()
        .filter(tasks::id.eq_any(ids))
        .select(columns)
        .load(tx)
        .await?;
    let imported: Vec<(TaskId, Option<String>, bool, bool)> = of_user()
        .filter(tasks::import_id.eq_any(import_ids))
        .select(columns)
        .load(tx)
        .await?;
    rows.extend(imported);
    let known = |(id, import_id, completed, deleted)| Known {
        id,
        import_id,
        completed,
        deleted,
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Returns on which level of tasks within tasks each of the tasks stands, from 1.
#[tracing::instrument(name = "store.imported.depths", level = "debug", skip_all)]
pub async fn depths(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<HashMap<TaskId, usize>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: TaskId,
        #[diesel(sql_type = Integer)]
        depth: i32,
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    // With an OFFSET the planner looks tasks up one by one. A join would read all tasks of the user, because most have few.
    let rows: Vec<Row> = diesel::sql_query(
        "WITH RECURSIVE up AS (
             SELECT t.id, t.parent_task_id, 1 AS depth FROM unnest($2) wanted (id), LATERAL (
                 SELECT id, parent_task_id FROM tasks WHERE user_id = $1 AND id = wanted.id OFFSET 0
             ) t
             UNION ALL
             SELECT up.id, t.parent_task_id, up.depth + 1 FROM up, LATERAL (
                 SELECT parent_task_id FROM tasks WHERE user_id = $1 AND id = up.parent_task_id OFFSET 0
             ) t
             WHERE up.depth < $3
         )
         SELECT id, max(depth) AS depth FROM up GROUP BY id",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Integer, _>(DEEPEST_WALK)
    .fixed()
    .load(tx)
    .await?;
    let depth = |row: Row| (row.id, usize::try_from(row.depth).unwrap_or(1));
    Ok(rows.into_iter().map(depth).collect())
}
