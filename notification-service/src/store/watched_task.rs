//! Table `watched_tasks`.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
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

/// Writes the task unless a version as new or newer is there, and returns whether it did. The row is locked afterwards.
pub async fn update_if_newer(
    tx: &mut AsyncPgConnection,
    task: &WatchedTask,
) -> Result<bool, DatabaseError> {
    let written = diesel::sql_query(
        "INSERT INTO watched_tasks AS current (user_id, task_id, task_version, title, due_time, due_date,
                                               time_zone, open, deleted, muted, reminder_settings, update_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (user_id, task_id) DO UPDATE SET
             task_version = excluded.task_version, title = excluded.title, due_time = excluded.due_time,
             due_date = excluded.due_date, time_zone = excluded.time_zone, open = excluded.open,
             deleted = excluded.deleted, muted = excluded.muted,
             reminder_settings = excluded.reminder_settings, update_time = excluded.update_time
         WHERE current.task_version < excluded.task_version",
    )
    .bind::<Text, _>(task.user_id.as_ref())
    .bind::<SqlUuid, _>(task.task_id)
    .bind::<BigInt, _>(task.version)
    .bind::<Text, _>(&task.title)
    .bind::<Nullable<Timestamptz>, _>(task.due_time)
    .bind::<Nullable<Date>, _>(task.due_date)
    .bind::<Text, _>(&task.time_zone)
    .bind::<Bool, _>(task.open)
    .bind::<Bool, _>(task.deleted)
    .bind::<Bool, _>(task.muted)
    .bind::<Jsonb, _>(settings_to_json(&task.settings))
    .bind::<Timestamptz, _>(task.update_time)
    .fixed()
    .execute(tx)
    .await?;
    Ok(written == 1)
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
        .filter(watched_tasks::reminder_settings.eq(Value::Array(Vec::new())))
        .filter(watched_tasks::due_time.gt(due_after))
        .order(watched_tasks::task_id)
        .select(WatchedTaskRow::as_select())
        .for_update()
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
        let settings = serde_json::from_value(self.reminder_settings)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
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
            settings,
            update_time: self.update_time,
        })
    }
}
