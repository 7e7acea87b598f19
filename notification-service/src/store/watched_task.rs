//! Table `watched_tasks`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::{
    QueryableByName,
    dsl::sql,
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{schema::watched_tasks, text};
use crate::domain::{ids::TaskId, setting::Setting, watched_task::WatchedTask};

#[derive(Queryable, Selectable)]
#[diesel(table_name = watched_tasks)]
struct WatchedTaskRow {
    user_id: String,
    task_id: TaskId,
    task_version: i64,
    title: String,
    due_time: Option<DateTime<Utc>>,
    due_date: Option<NaiveDate>,
    time_zone: String,
    open: bool,
    deleted: bool,
    muted: bool,
    reminder_settings: Value,
    update_time: DateTime<Utc>,
}

/// Result of storing a task's new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Nothing was known of the task before.
    First,
    /// It took the place of an older one.
    Newer,
    /// One as new or newer was there and stays.
    Not,
}

/// Writes the states of different tasks unless versions as new or newer are there. Returns what became of each; all rows are locked
/// afterwards, in the order of the tasks' ids.
pub async fn update_if_newer(
    tx: &mut AsyncPgConnection,
    tasks: &[&WatchedTask],
) -> Result<Vec<Written>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        user_id: String,
        #[diesel(sql_type = SqlUuid)]
        task_id: TaskId,
        #[diesel(sql_type = Bool)]
        is_first: bool,
    }
    // A row that was updated carries the lock of its update; one that was inserted has never been locked.
    let rows: Vec<Row> = diesel::sql_query(
        "INSERT INTO watched_tasks AS current (user_id, task_id, task_version, title, due_time, due_date,
                                               time_zone, open, deleted, muted, reminder_settings, update_time)
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS new (user_id, task_id)
         ORDER BY task_id, user_id
         ON CONFLICT (user_id, task_id) DO UPDATE SET
             task_version = excluded.task_version, title = excluded.title, due_time = excluded.due_time,
             due_date = excluded.due_date, time_zone = excluded.time_zone, open = excluded.open,
             deleted = excluded.deleted, muted = excluded.muted,
             reminder_settings = excluded.reminder_settings, update_time = excluded.update_time
         WHERE current.task_version < excluded.task_version
         RETURNING user_id, task_id, xmax = 0 AS is_first",
    )
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(column(tasks, |task| task.user_id.as_ref()))
    .bind::<Array<SqlUuid>, _>(column(tasks, |task| task.task_id))
    .bind::<Array<BigInt>, _>(column(tasks, |task| task.version))
    .bind::<Array<Text>, _>(column(tasks, |task| task.title.as_str()))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(tasks, |task| task.due_time))
    .bind::<Array<Nullable<Date>>, _>(column(tasks, |task| task.due_date))
    .bind::<Array<Text>, _>(column(tasks, |task| task.time_zone.as_str()))
    .bind::<Array<Bool>, _>(column(tasks, |task| task.open))
    .bind::<Array<Bool>, _>(column(tasks, |task| task.deleted))
    .bind::<Array<Bool>, _>(column(tasks, |task| task.muted))
    .bind::<Array<Jsonb>, _>(column(tasks, |task| settings_to_json(&task.settings)))
    .bind::<Array<Timestamptz>, _>(column(tasks, |task| task.update_time))
    .fixed()
    .load(tx)
    .await?;
    let written: HashMap<(&str, TaskId), bool> = rows
        .iter()
        .map(|row| ((row.user_id.as_str(), row.task_id), row.is_first))
        .collect();
    Ok(column(tasks, |task| {
        match written.get(&(task.user_id.as_ref(), task.task_id)) {
            Some(true) => Written::First,
            Some(false) => Written::Newer,
            None => Written::Not,
        }
    }))
}

fn column<'a, T>(tasks: &[&'a WatchedTask], value: impl Fn(&'a WatchedTask) -> T) -> Vec<T> {
    tasks.iter().map(|task| value(task)).collect()
}

/// Locks and returns the user's tasks whose default reminder may still come after a moment.
pub async fn lock_with_default_reminder(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    after: DateTime<Utc>,
) -> Result<Vec<WatchedTask>, DatabaseError> {
    // A due date is in the table as its beginning, and the reminder comes later on that day.
    let due_after = after - TimeDelta::days(1);
    let rows: Vec<WatchedTaskRow> = watched_tasks::table
        .filter(watched_tasks::user_id.eq(user_id.as_ref()))
        .filter(watched_tasks::open)
        .filter(diesel::dsl::not(watched_tasks::deleted))
        .filter(diesel::dsl::not(watched_tasks::muted))
        // Not bound, for the partial index `watched_tasks_by_default_reminder`.
        .filter(sql::<Bool>("reminder_settings = '[]'"))
        .filter(watched_tasks::due_time.gt(due_after))
        .order(watched_tasks::task_id)
        .select(WatchedTaskRow::as_select())
        .for_update()
        .fixed()
        .load(tx)
        .await?;
    let mut tasks = rows
        .into_iter()
        .map(WatchedTaskRow::into_domain)
        .collect::<Result<Vec<_>, _>>()?;
    tasks.retain(|task| task.remind_before() > Some(after));
    Ok(tasks)
}

fn settings_to_json(settings: &[Setting]) -> Value {
    settings.iter().map(ToString::to_string).collect()
}

impl WatchedTaskRow {
    fn into_domain(self) -> Result<WatchedTask, DatabaseError> {
        let settings: Vec<String> = serde_json::from_value(self.reminder_settings)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        let settings = settings
            .iter()
            .map(|setting| text::parse("watched_tasks.reminder_settings", setting));
        Ok(WatchedTask {
            user_id: text::user_id(&self.user_id)?,
            task_id: self.task_id,
            version: self.task_version,
            title: self.title,
            due_time: self.due_time,
            due_date: self.due_date,
            time_zone: self.time_zone,
            open: self.open,
            deleted: self.deleted,
            muted: self.muted,
            settings: settings.collect::<Result<_, _>>()?,
            update_time: self.update_time,
        })
    }
}
