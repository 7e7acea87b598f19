//! Table `reminders`: the steps that reminders take, several at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    sql_types::{Array, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::reminder::all_to_domain;
use crate::domain::{
    ids::ReminderId,
    reminder::{Reminder, ReminderState},
    setting::Setting,
    watched_task::WatchedTask,
};

/// Primary key of a reminder.
pub type Key<'a> = (&'a UserId, ReminderId);

/// A reminder to be scheduled.
#[derive(Debug)]
pub struct NewReminder<'a> {
    pub id: ReminderId,
    pub task: &'a WatchedTask,
    /// Setting that caused it.
    pub setting: Setting,
    pub fire_time: DateTime<Utc>,
}

pub async fn insert(
    tx: &mut AsyncPgConnection,
    new: &[NewReminder<'_>],
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "INSERT INTO reminders (user_id, id, task_id, setting, fire_time, title, due_time, due_date, time_zone, state, version)
         SELECT *, 'scheduled', 1 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(column(new, |new| new.task.user_id.as_ref()))
    .bind::<Array<SqlUuid>, _>(column(new, |new| new.id))
    .bind::<Array<SqlUuid>, _>(column(new, |new| new.task.task_id))
    .bind::<Array<Text>, _>(column(new, |new| new.setting.to_string()))
    .bind::<Array<Timestamptz>, _>(column(new, |new| new.fire_time))
    .bind::<Array<Text>, _>(column(new, |new| new.task.title.as_str()))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(new, |new| new.task.due_time))
    .bind::<Array<Nullable<Date>>, _>(column(new, |new| new.task.due_date))
    .bind::<Array<Text>, _>(column(new, |new| new.task.time_zone.as_str()))
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes what is scheduled for some different tasks show them as they are now. No step of its own: the versions stay.
pub async fn update_copies(
    tx: &mut AsyncPgConnection,
    tasks: &[&WatchedTask],
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "UPDATE reminders
         SET title = task.title, due_time = task.due_time, due_date = task.due_date, time_zone = task.time_zone
         FROM unnest($1, $2, $3, $4, $5, $6) AS task (user_id, task_id, title, due_time, due_date, time_zone)
         WHERE reminders.user_id = task.user_id AND reminders.task_id = task.task_id AND state = 'scheduled'",
    )
    .bind::<Array<Text>, _>(column(tasks, |task| task.user_id.as_ref()))
    .bind::<Array<SqlUuid>, _>(column(tasks, |task| task.task_id))
    .bind::<Array<Text>, _>(column(tasks, |task| task.title.as_str()))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(tasks, |task| task.due_time))
    .bind::<Array<Nullable<Date>>, _>(column(tasks, |task| task.due_date))
    .bind::<Array<Text>, _>(column(tasks, |task| task.time_zone.as_str()))
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Moves reminders that are locked, each to a moment of its own.
pub async fn update_fire_times(
    tx: &mut AsyncPgConnection,
    moves: &[(Key<'_>, DateTime<Utc>)],
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "UPDATE reminders
         SET fire_time = moved.fire_time, version = version + 1, update_time = clock_timestamp()
         FROM unnest($1, $2, $3) AS moved (user_id, id, fire_time)
         WHERE reminders.user_id = moved.user_id AND reminders.id = moved.id",
    )
    .bind::<Array<Text>, _>(column(moves, |((user_id, _), _)| user_id.as_ref()))
    .bind::<Array<SqlUuid>, _>(column(moves, |((_, id), _)| *id))
    .bind::<Array<Timestamptz>, _>(column(moves, |(_, fire_time)| *fire_time))
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Brings reminders that are locked into another state; returns them after the step, in the order in which they were given.
pub async fn update_state(
    tx: &mut AsyncPgConnection,
    reminders: &[Key<'_>],
    state: ReminderState,
) -> Result<Vec<Reminder>, DatabaseError> {
    let rows = diesel::sql_query(
        "UPDATE reminders
         SET state = $3, version = version + 1, update_time = clock_timestamp()
         FROM unnest($1, $2) AS stepping (user_id, id)
         WHERE reminders.user_id = stepping.user_id AND reminders.id = stepping.id
         RETURNING reminders.*",
    )
    .bind::<Array<Text>, _>(column(reminders, |(user_id, _)| user_id.as_ref()))
    .bind::<Array<SqlUuid>, _>(column(reminders, |(_, id)| *id))
    .bind::<Text, _>(state.word())
    .fixed()
    .load(tx)
    .await?;
    // The server promises no order.
    let places: HashMap<_, _> = column(reminders, |(_, id)| *id)
        .into_iter()
        .zip(0_usize..)
        .collect();
    let mut reminders = all_to_domain(rows)?;
    reminders.sort_by_key(|reminder| places.get(&reminder.id));
    Ok(reminders)
}

fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
