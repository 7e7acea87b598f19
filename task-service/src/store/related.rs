//! Rows of other tables that belong to tasks: series, labels and open dependencies.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, Bool, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{AsFixed, DatabaseError};
use uuid::Uuid;

use super::{
    schema::{series, tasks},
    task_row::{SeriesRule, StoredTask, TaskRow},
};
use crate::domain::{CategoryId, SeriesId, TagId, Task, TaskId};

#[derive(QueryableByName)]
struct LabelRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Bool)]
    is_tag: bool,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    display_name: String,
}

/// Labels by their ids and whether they are tags, each with its position in alphabetical order.
type Labels = HashMap<(bool, Uuid), (usize, LabelRow)>;

/// Completes rows of tasks. Each table is read once for all rows, and not at all if no row refers to it; all are read in one round trip.
pub async fn complete(
    tx: &AsyncPgConnection,
    rows: Vec<StoredTask>,
) -> Result<Vec<Task>, DatabaseError> {
    let users: HashSet<&str> = rows.iter().map(|row| row.user_id.as_str()).collect();
    let users = Vec::from_iter(users);
    let category_ids = rows.iter().filter_map(|row| row.category_id);
    let tag_ids = rows.iter().flat_map(|row| &row.tag_ids);
    let (labels, rules, open) = futures::join!(
        labels(tx, &users, category_ids.collect(), tag_ids.collect()),
        rules(tx, &users, rows.iter().filter_map(|row| row.series_id)),
        open(tx, &users, rows.iter().flat_map(|row| &row.depends_on)),
    );
    let (labels, rules, open) = (labels?, rules?, open?);
    let complete = |row| with_related(row, &labels, &rules, &open).into_task();
    rows.into_iter().map(complete).collect()
}

fn with_related(
    mut stored: StoredTask,
    labels: &Labels,
    rules: &HashMap<(String, SeriesId), SeriesRule>,
    open: &HashSet<(String, TaskId)>,
) -> TaskRow {
    let user_id = &stored.user_id;
    let label = |is_tag: bool, id: Uuid| {
        let (position, label) = labels.get(&(is_tag, id))?;
        (label.user_id == *user_id).then(|| (*position, label.display_name.clone()))
    };
    let category = stored.category_id.and_then(|id| label(false, id.as_uuid()));
    let tag_ids = stored.tag_ids.iter();
    let mut present: Vec<_> = tag_ids
        .filter_map(|id| Some((label(true, id.as_uuid())?, *id)))
        .collect();
    present.sort_unstable();
    let is_open = |id: &TaskId| open.contains(&(user_id.clone(), *id));
    let mut blocked_by: Vec<TaskId> = stored.depends_on.iter().copied().filter(is_open).collect();
    blocked_by.sort_unstable();
    let series = stored.series_id.map(|id| (user_id.clone(), id));
    stored.tag_ids = present.iter().map(|(_, id)| *id).collect();
    TaskRow {
        series: series.and_then(|key| rules.get(&key)).cloned(),
        category: category.map(|(_, name)| name),
        tags: present.into_iter().map(|((_, name), _)| name).collect(),
        blocked_by,
        stored,
    }
}

/// Reads categories and tags that are not deleted.
async fn labels(
    mut tx: &AsyncPgConnection,
    users: &[&str],
    category_ids: HashSet<CategoryId>,
    tag_ids: HashSet<&TagId>,
) -> Result<Labels, DatabaseError> {
    if category_ids.is_empty() && tag_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<LabelRow> = diesel::sql_query(
        "SELECT FALSE AS is_tag, user_id, id, display_name, name_key FROM categories
         WHERE user_id = ANY ($1) AND id = ANY ($2) AND delete_time IS NULL
         UNION ALL SELECT TRUE, user_id, id, display_name, name_key FROM tags
         WHERE user_id = ANY ($1) AND id = ANY ($3) AND delete_time IS NULL ORDER BY name_key",
    )
    .bind::<Array<Text>, _>(users)
    .bind::<Array<SqlUuid>, _>(Vec::from_iter(category_ids))
    .bind::<Array<SqlUuid>, _>(Vec::from_iter(tag_ids))
    .fixed()
    .load(&mut tx)
    .await?;
    let numbered = rows.into_iter().enumerate();
    Ok(numbered
        .map(|(position, row)| ((row.is_tag, row.id), (position, row)))
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
