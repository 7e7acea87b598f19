//! Table `reminders`: its rows, and how they are read and locked.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    dsl::sql,
    expression::SqlLiteral,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{schema::reminders, text};
use crate::domain::{
    ids::{ReminderId, TaskId},
    reminder::Reminder,
    watched_task::WatchedTask,
};

/// The condition of the partial index `reminders_by_fire_time`. A bound value would not do: a generic plan, which suits all values,
/// cannot use the index.
fn is_scheduled() -> SqlLiteral<Bool> {
    sql("state = 'scheduled'")
}

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = reminders)]
pub(super) struct ReminderRow {
    user_id: String,
    id: ReminderId,
    task_id: TaskId,
    setting: String,
    fire_time: DateTime<Utc>,
    state: String,
    version: i64,
    title: String,
    due_time: Option<DateTime<Utc>>,
    due_date: Option<NaiveDate>,
    time_zone: String,
    update_time: DateTime<Utc>,
}

/// Locks and returns what is scheduled for each of some different tasks, by id.
pub async fn lock_scheduled(
    tx: &mut AsyncPgConnection,
    tasks: &[&WatchedTask],
) -> Result<Vec<Vec<Reminder>>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(embed)]
        reminder: ReminderRow,
        #[diesel(sql_type = BigInt)]
        place: i64,
    }
    let (user_ids, task_ids) = keys(tasks);
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT reminders.*, place FROM unnest($1, $2) WITH ORDINALITY AS task (user_id, task_id, place)
         JOIN reminders USING (user_id, task_id)
         WHERE state = 'scheduled' ORDER BY id, user_id FOR UPDATE OF reminders",
    )
    .bind::<Array<Text>, _>(user_ids)
    .bind::<Array<SqlUuid>, _>(task_ids)
    .fixed()
    .load(tx)
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| Ok((row.place, row.reminder.into_domain()?)))
        .collect::<Result<_, DatabaseError>>()?;
    Ok(by_place(tasks.len(), rows))
}

/// Returns the moments after another at which the user was reminded already of each of some different tasks.
pub async fn list_fired_after(
    tx: &mut AsyncPgConnection,
    tasks: &[(&WatchedTask, DateTime<Utc>)],
) -> Result<Vec<Vec<DateTime<Utc>>>, DatabaseError> {
    let (tasks, moments): (Vec<_>, Vec<_>) = tasks.iter().copied().unzip();
    let (user_ids, task_ids) = keys(&tasks);
    let rows = sql::<(BigInt, Timestamptz)>("SELECT place, fire_time FROM unnest(")
        .bind::<Array<Text>, _>(user_ids)
        .sql(", ")
        .bind::<Array<SqlUuid>, _>(task_ids)
        .sql(", ")
        .bind::<Array<Timestamptz>, _>(moments)
        .sql(
            ") WITH ORDINALITY AS task (user_id, task_id, after, place)
             JOIN reminders USING (user_id, task_id)
             WHERE fire_time > after AND state IN ('firing', 'sent', 'failed')",
        )
        .fixed()
        .load(tx)
        .await?;
    Ok(by_place(tasks.len(), rows))
}

/// Locks and returns up to `limit` reminders whose time has come by the database's clock, the most overdue first.
///
/// Locked rows are left out: another replica fires them, or an event is changing them.
pub async fn lock_due(
    tx: &mut AsyncPgConnection,
    limit: i64,
) -> Result<Vec<Reminder>, DatabaseError> {
    let rows = reminders::table
        .filter(is_scheduled())
        // Read once: compared with the volatile function itself, every row of the index would be read.
        .filter(reminders::fire_time.le(sql::<Timestamptz>("(SELECT clock_timestamp())")))
        .order(reminders::fire_time)
        .limit(limit)
        .select(ReminderRow::as_select())
        .for_update()
        .skip_locked()
        .fixed()
        .load(tx)
        .await?;
    all_to_domain(rows)
}

/// Locks one reminder, whatever its state, and returns it.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: ReminderId,
) -> Result<Reminder, DatabaseError> {
    let row = reminders::table
        .find((user_id.as_ref(), id.as_uuid()))
        .select(ReminderRow::as_select())
        .for_update()
        .first(tx)
        .await?;
    ReminderRow::into_domain(row)
}

/// Returns in how many microseconds the next reminder fires, less than zero if one is overdue; nothing if none is scheduled.
pub async fn find_next_in(tx: &mut AsyncPgConnection) -> Result<Option<i64>, DatabaseError> {
    let next = reminders::table
        .filter(is_scheduled())
        .select(sql::<Nullable<BigInt>>(
            "(extract(epoch FROM min(fire_time) - clock_timestamp()) * 1000000)::bigint",
        ))
        .fixed()
        .get_result(tx)
        .await?;
    Ok(next)
}

/// Returns the primary keys of tasks as columns.
fn keys<'a>(tasks: &[&'a WatchedTask]) -> (Vec<&'a str>, Vec<TaskId>) {
    tasks
        .iter()
        .map(|task| (task.user_id.as_ref(), task.task_id))
        .unzip()
}

/// Groups what was read by the places of what it was read for, as the server counts them.
fn by_place<T>(count: usize, rows: Vec<(i64, T)>) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = (0..count).map(|_| Vec::new()).collect();
    for (place, row) in rows {
        let place = usize::try_from(place - 1).expect("places are counted from one");
        groups[place].push(row);
    }
    groups
}

pub(super) fn all_to_domain(rows: Vec<ReminderRow>) -> Result<Vec<Reminder>, DatabaseError> {
    rows.into_iter().map(ReminderRow::into_domain).collect()
}

impl ReminderRow {
    pub(super) fn into_domain(self) -> Result<Reminder, DatabaseError> {
        Ok(Reminder {
            user_id: text::user_id(&self.user_id)?,
            id: self.id,
            task_id: self.task_id,
            setting: text::parse("reminders.setting", &self.setting)?,
            fire_time: self.fire_time,
            state: text::parse("reminders.state", &self.state)?,
            version: self.version,
            title: self.title,
            due_time: self.due_time,
            due_date: self.due_date,
            time_zone: self.time_zone,
            update_time: self.update_time,
        })
    }
}
