//! Hierarchy of subtasks, and dependencies.
//!
//! Walks look tasks up one by one, in subqueries that an OFFSET keeps from being joined: a join would read all tasks of the user, because
//! most users have few.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid},
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

/// Task of a walk, and its distance from where the walk began.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: TaskId,
    #[diesel(sql_type = Integer)]
    depth: i32,
}

/// Keeps others from changing how the user's tasks hang together until the transaction ends: two changes that are right by
/// themselves could make a circle together.
pub async fn lock(tx: &mut AsyncPgConnection, user_id: &UserId) -> Result<(), DatabaseError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7105))")
        .bind::<Text, _>(user_id.as_ref())
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Returns the task itself and the tasks that it is a part of, the innermost first.
pub async fn ancestors(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
) -> Result<Vec<TaskId>, DatabaseError> {
    let rows: Vec<Row> = diesel::sql_query(
        "WITH RECURSIVE up AS (
             SELECT id, parent_task_id, 1 AS depth FROM tasks WHERE user_id = $1 AND id = $2
             UNION ALL
             SELECT t.id, t.parent_task_id, up.depth + 1 FROM up, LATERAL (
                 SELECT id, parent_task_id FROM tasks WHERE user_id = $1 AND id = up.parent_task_id OFFSET 0
             ) t
             WHERE up.depth < $3
         )
         SELECT id, depth FROM up ORDER BY depth",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(DEEPEST_WALK)
    .fixed()
    .load(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns on which level of tasks within tasks each of the tasks stands, from 1.
#[tracing::instrument(name = "store.hierarchy.depths", level = "debug", skip_all)]
pub async fn depths(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<HashMap<TaskId, usize>, DatabaseError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
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

/// Returns how many levels a task has with the parts that are in it, itself included.
pub async fn height(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
) -> Result<i32, DatabaseError> {
    let rows = walk_down(tx, user_id, id, true).await?;
    Ok(rows.last().map_or(1, |lowest| lowest.depth + 1))
}

/// Returns the parts of a task and their parts, deleted ones left out, the outermost first.
pub async fn descendants(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
    and_deleted: bool,
) -> Result<Vec<TaskId>, DatabaseError> {
    let rows = walk_down(tx, user_id, id, and_deleted).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn walk_down(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
    and_deleted: bool,
) -> Result<Vec<Row>, DatabaseError> {
    Ok(diesel::sql_query(
        "WITH RECURSIVE down AS (
             SELECT $2::uuid AS id, 0 AS depth
             UNION ALL
             SELECT t.id, down.depth + 1 FROM down, LATERAL (
                 SELECT id FROM tasks
                 WHERE user_id = $1 AND parent_task_id = down.id AND ($4 = 1 OR delete_time IS NULL) OFFSET 0
             ) t
             WHERE down.depth < $3
         )
         SELECT id, depth FROM down WHERE depth > 0 ORDER BY depth, id",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(DEEPEST_WALK)
    .bind::<Integer, _>(i32::from(and_deleted))
    .fixed()
    .load(tx)
    .await?)
}

/// Returns the parts of tasks, deleted ones left out: each after the id of the task that it is a part of.
pub async fn parts(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<Vec<(TaskId, TaskId)>, DatabaseError> {
    let parts: Vec<(Option<TaskId>, TaskId)> = tasks::table
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .filter(tasks::parent_task_id.eq_any(ids))
        .filter(tasks::delete_time.is_null())
        .select((tasks::parent_task_id, tasks::id))
        .load(tx)
        .await?;
    let whole_and_part = |(whole, part): (Option<TaskId>, TaskId)| Some((whole?, part));
    Ok(parts.into_iter().filter_map(whole_and_part).collect())
}

/// Returns those of the tasks that exist and are not deleted.
pub async fn existing(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<Vec<TaskId>, DatabaseError> {
    Ok(tasks::table
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .filter(tasks::id.eq_any(ids))
        .filter(tasks::delete_time.is_null())
        .select(tasks::id)
        .load(tx)
        .await?)
}

/// Returns those of the tasks that are still to do.
pub async fn open(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<Vec<TaskId>, DatabaseError> {
    Ok(tasks::table
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .filter(tasks::id.eq_any(ids))
        .filter(tasks::delete_time.is_null())
        .filter(tasks::complete_time.is_null())
        .order(tasks::id)
        .select(tasks::id)
        .load(tx)
        .await?)
}

/// Returns the ids and titles of tasks, to name them in an error.
pub async fn titles(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
    limit: i64,
) -> Result<Vec<(TaskId, String)>, DatabaseError> {
    Ok(tasks::table
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .filter(tasks::id.eq_any(ids))
        .order(tasks::id)
        .select((tasks::id, tasks::title))
        .limit(limit)
        .load(tx)
        .await?)
}

/// Returns whether any of the tasks is, or must wait for, a certain task.
pub async fn depend_on(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
    on: TaskId,
) -> Result<bool, DatabaseError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    // UNION, not UNION ALL: each task is walked through once, however many ways lead to it.
    let row: Count = diesel::sql_query(
        "WITH RECURSIVE needed AS (
             SELECT unnest($2::uuid[]) AS id
             UNION
             SELECT unnest(t.depends_on) FROM needed, LATERAL (
                 SELECT depends_on FROM tasks WHERE user_id = $1 AND id = needed.id OFFSET 0
             ) t
         )
         SELECT count(*) AS count FROM needed WHERE id = $3",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<SqlUuid, _>(on)
    .fixed()
    .get_result(tx)
    .await?;
    Ok(row.count > 0)
}
