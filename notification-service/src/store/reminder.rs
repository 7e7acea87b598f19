//! Table `reminders`: what is scheduled, and what becomes of it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{
    schema::reminders,
    text::{self, reminder_state_word},
};
use crate::domain::{
    ids::{ReminderId, TaskId},
    reminder::{Reminder, ReminderState},
    setting::Setting,
    watched_task::WatchedTask,
};

const SCHEDULED: &str = "scheduled";

#[derive(Queryable, Selectable)]
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

/// A reminder to be scheduled.
#[derive(Debug)]
pub struct NewReminder<'a> {
    /// Its id.
    pub id: ReminderId,
    /// The task it reminds of.
    pub task: &'a WatchedTask,
    /// What asked for it.
    pub setting: Setting,
    /// When it fires.
    pub fire_time: DateTime<Utc>,
}

/// Schedules reminders and returns them.
pub async fn insert(
    tx: &mut AsyncPgConnection,
    new: &[NewReminder<'_>],
) -> Result<Vec<Reminder>, DatabaseError> {
    let values: Vec<_> = new
        .iter()
        .map(|reminder| {
            (
                reminders::user_id.eq(reminder.task.user_id.as_ref()),
                reminders::id.eq(reminder.id.as_uuid()),
                reminders::task_id.eq(reminder.task.task_id.as_uuid()),
                reminders::setting.eq(reminder.setting.to_string()),
                reminders::fire_time.eq(reminder.fire_time),
                reminders::state.eq(SCHEDULED),
                reminders::version.eq(1_i64),
                reminders::title.eq(&reminder.task.title),
                reminders::due_time.eq(reminder.task.due_time),
                reminders::due_date.eq(reminder.task.due_date),
                reminders::time_zone.eq(&reminder.task.time_zone),
            )
        })
        .collect();
    let rows = diesel::insert_into(reminders::table)
        .values(values)
        .returning(ReminderRow::as_returning())
        .get_results(tx)
        .await?;
    all_to_domain(rows)
}

/// Locks and returns what is scheduled for one task.
pub async fn lock_scheduled_of_task(
    tx: &mut AsyncPgConnection,
    task: &WatchedTask,
) -> Result<Vec<Reminder>, DatabaseError> {
    let rows = reminders::table
        .filter(reminders::user_id.eq(task.user_id.as_ref()))
        .filter(reminders::task_id.eq(task.task_id.as_uuid()))
        .filter(reminders::state.eq(SCHEDULED))
        .order(reminders::id)
        .select(ReminderRow::as_select())
        .for_update()
        .load(tx)
        .await?;
    all_to_domain(rows)
}

/// Locks and returns what is scheduled for a user by the default reminder.
pub async fn lock_scheduled_by_default(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<Vec<Reminder>, DatabaseError> {
    let rows = reminders::table
        .filter(reminders::user_id.eq(user_id.as_ref()))
        .filter(reminders::setting.eq(Setting::Default.to_string()))
        .filter(reminders::state.eq(SCHEDULED))
        .order(reminders::id)
        .select(ReminderRow::as_select())
        .for_update()
        .load(tx)
        .await?;
    all_to_domain(rows)
}

/// Returns the moments after another at which the user was reminded already, of one task or of any, each with its task.
pub async fn list_fired_after(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    task_id: Option<TaskId>,
    after: DateTime<Utc>,
) -> Result<Vec<(TaskId, DateTime<Utc>)>, DatabaseError> {
    let mut query = reminders::table
        .filter(reminders::user_id.eq(user_id.as_ref()))
        .filter(reminders::fire_time.gt(after))
        .filter(reminders::state.eq_any(["firing", "sent", "failed"]))
        .select((reminders::task_id, reminders::fire_time))
        .into_boxed();
    if let Some(task_id) = task_id {
        query = query.filter(reminders::task_id.eq(task_id.as_uuid()));
    }
    Ok(query.load(tx).await?)
}

/// Makes what is scheduled for a task show it as it is now. No step of its own: the version stays.
pub async fn update_copies(
    tx: &mut AsyncPgConnection,
    task: &WatchedTask,
) -> Result<(), DatabaseError> {
    diesel::update(reminders::table)
        .filter(reminders::user_id.eq(task.user_id.as_ref()))
        .filter(reminders::task_id.eq(task.task_id.as_uuid()))
        .filter(reminders::state.eq(SCHEDULED))
        .set((
            reminders::title.eq(&task.title),
            reminders::due_time.eq(task.due_time),
            reminders::due_date.eq(task.due_date),
            reminders::time_zone.eq(&task.time_zone),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Cancels those of the reminders that are still scheduled and returns them.
pub async fn update_cancelled(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[ReminderId],
) -> Result<Vec<Reminder>, DatabaseError> {
    let rows = diesel::update(reminders::table)
        .filter(reminders::user_id.eq(user_id.as_ref()))
        .filter(reminders::id.eq_any(ids))
        .filter(reminders::state.eq(SCHEDULED))
        .set((
            reminders::state.eq(reminder_state_word(ReminderState::Cancelled)),
            reminders::version.eq(reminders::version + 1),
            reminders::update_time.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .returning(ReminderRow::as_returning())
        .get_results(tx)
        .await?;
    all_to_domain(rows)
}

/// Moves a reminder if it is still scheduled and returns it.
pub async fn update_fire_time(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: ReminderId,
    fire_time: DateTime<Utc>,
) -> Result<Option<Reminder>, DatabaseError> {
    let row = diesel::update(reminders::table.find((user_id.as_ref(), id.as_uuid())))
        .filter(reminders::state.eq(SCHEDULED))
        .set((
            reminders::fire_time.eq(fire_time),
            reminders::version.eq(reminders::version + 1),
            reminders::update_time.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .returning(ReminderRow::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    row.map(ReminderRow::into_domain).transpose()
}

/// Locks and returns up to `limit` reminders whose time has come by the database's clock, the most overdue first.
///
/// Rows that somebody else has in hand are left out: another replica fires them, or an event is changing them just now.
pub async fn lock_due(
    tx: &mut AsyncPgConnection,
    limit: i64,
) -> Result<Vec<Reminder>, DatabaseError> {
    let rows = reminders::table
        .filter(reminders::state.eq(SCHEDULED))
        .filter(reminders::fire_time.le(sql::<Timestamptz>("clock_timestamp()")))
        .order(reminders::fire_time)
        .limit(limit)
        .select(ReminderRow::as_select())
        .for_update()
        .skip_locked()
        .load(tx)
        .await?;
    all_to_domain(rows)
}

/// Takes a step with reminders that are locked, and returns them after it.
pub async fn update_state(
    tx: &mut AsyncPgConnection,
    reminders: &[&Reminder],
    state: ReminderState,
) -> Result<Vec<Reminder>, DatabaseError> {
    let (user_ids, ids): (Vec<&str>, Vec<ReminderId>) = reminders
        .iter()
        .map(|reminder| (reminder.user_id.as_ref(), reminder.id))
        .unzip();
    let rows = diesel::update(reminders::table)
        .filter(
            sql::<Bool>("(user_id, id) IN (SELECT * FROM unnest(")
                .bind::<Array<Text>, _>(user_ids)
                .sql(", ")
                .bind::<Array<SqlUuid>, _>(ids)
                .sql("))"),
        )
        .set((
            reminders::state.eq(reminder_state_word(state)),
            reminders::version.eq(reminders::version + 1),
            reminders::update_time.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .returning(ReminderRow::as_returning())
        .get_results(tx)
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
        .filter(reminders::state.eq(SCHEDULED))
        .select(sql::<Nullable<BigInt>>(
            "(extract(epoch FROM min(fire_time) - clock_timestamp()) * 1000000)::bigint",
        ))
        .first(tx)
        .await?;
    Ok(next)
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
            state: text::reminder_state(&self.state)?,
            version: self.version,
            title: self.title,
            due_time: self.due_time,
            due_date: self.due_date,
            time_zone: self.time_zone,
            update_time: self.update_time,
        })
    }
}
