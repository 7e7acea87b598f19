//! Rows of other tables that belong to tasks: series, labels and open dependencies.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{AsFixed, DatabaseError};
use uuid::Uuid;

use super::{
    schema::{series, tasks},
    task_row::{SeriesRule, StoredTask, TaskRow},
};
use crate::domain::{SeriesId, Task, TaskId};

#[derive(QueryableByName)]
struct LabelRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    display_name: String,
}

/// Labels by id, each with its position in alphabetical order.
type Labels = HashMap<Uuid, (usize, LabelRow)>;

/// Completes rows of tasks. Each table is read once for all rows, and not at all if no row refers to it; all are read in one round trip.
pub async fn complete(
    tx: &AsyncPgConnection,
    rows: Vec<StoredTask>,
) -> Result<Vec<Task>, DatabaseError> {
    let users: HashSet<&str> = rows.iter().map(|row| row.user_id.as_str()).collect();
    let users = Vec::from_iter(users);
    let category_ids = rows.iter().filter_map(|row| row.category_id);
    let tag_ids = rows.iter().flat_map(|row| &row.tag_ids);
    let (categories, tags, rules, open) = futures::join!(
        labels(
            tx,
            "categories",
            &users,
            category_ids.map(|id| id.as_uuid())
        ),
        labels(tx, "tags", &users, tag_ids.map(|id| id.as_uuid())),
        rules(tx, &users, rows.iter().filter_map(|row| row.series_id)),
        open(tx, &users, rows.iter().flat_map(|row| &row.depends_on)),
    );
    let (categories, tags, rules, open) = (categories?, tags?, rules?, open?);
    let complete = |row| with_related(row, &categories, &tags, &rules, &open).into_task();
    rows.into_iter().map(complete).collect()
}

fn with_related(
    mut stored: StoredTask,
    categories: &Labels,
    tags: &Labels,
    rules: &HashMap<(String, SeriesId), SeriesRule>,
    open: &HashSet<(String, TaskId)>,
) -> TaskRow {
    let user_id = stored.user_id.clone();
    let label = |labels: &Labels, id: Uuid| {
        let (position, label) = labels.get(&id)?;
        (label.user_id == user_id).then(|| (*position, label.display_name.clone()))
    };
    let category = stored
        .category_id
        .and_then(|id| label(categories, id.as_uuid()));
    let mut present: Vec<_> = stored
        .tag_ids
        .iter()
        .filter_map(|id| Some((label(tags, id.as_uuid())?, *id)))
        .collect();
    present.sort_unstable();
    stored.tag_ids = present.iter().map(|(_, id)| *id).collect();
    let is_open = |id: &TaskId| open.contains(&(user_id.clone(), *id));
    let mut blocked_by: Vec<TaskId> = stored.depends_on.iter().copied().filter(is_open).collect();
    blocked_by.sort_unstable();
    let series = stored.series_id.map(|id| (user_id.clone(), id));
    TaskRow {
        series: series.and_then(|key| rules.get(&key)).cloned(),
        category: category.map(|(_, name)| name),
        tags: present.into_iter().map(|((_, name), _)| name).collect(),
        blocked_by,
        stored,
    }
}

/// Reads categories or tags that are not deleted.
async fn labels(
    mut tx: &AsyncPgConnection,
    table: &str,
    users: &[&str],
    ids: impl Iterator<Item = Uuid>,
) -> Result<Labels, DatabaseError> {
    let ids: HashSet<Uuid> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = format!(
        "SELECT user_id, id, display_name FROM {table}
         WHERE user_id = ANY ($1) AND id = ANY ($2) AND delete_time IS NULL ORDER BY name_key"
    );
    let rows: Vec<LabelRow> = diesel::sql_query(statement)
        .bind::<Array<Text>, _>(users)
        .bind::<Array<SqlUuid>, _>(Vec::from_iter(ids))
        .fixed()
        .load(&mut tx)
        .await?;
    let numbered = rows.into_iter().enumerate();
    Ok(numbered
        .map(|(position, row)| (row.id, (position, row)))
        .collect())
}

async fn rules(
    mut tx: &AsyncPgConnection,
    users: &[&str],
    ids: impl Iterator<Item = SeriesId>,
) -> Result<HashMap<(String, SeriesId), SeriesRule>, DatabaseError> {
    let ids: HashSet<SeriesId> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, SeriesId, SeriesRule)> = series::table
        .filter(series::user_id.eq_any(users))
        .filter(series::series_id.eq_any(ids))
        .select((series::user_id, series::series_id, SeriesRule::as_select()))
        .fixed()
        .load(&mut tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(user, id, rule)| ((user, id), rule))
        .collect())
}

/// Returns the tasks that are still to do.
async fn open<'a>(
    mut tx: &AsyncPgConnection,
    users: &[&str],
    ids: impl Iterator<Item = &'a TaskId>,
) -> Result<HashSet<(String, TaskId)>, DatabaseError> {
    let ids: HashSet<TaskId> = ids.copied().collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<(String, TaskId)> = tasks::table
        .filter(tasks::user_id.eq_any(users))
        .filter(tasks::id.eq_any(ids))
        .filter(tasks::delete_time.is_null())
        .filter(tasks::complete_time.is_null())
        .select((tasks::user_id, tasks::id))
        .fixed()
        .load(&mut tx)
        .await?;
    Ok(rows.into_iter().collect())
}
