use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::schema::{series, tasks};
use crate::domain::{Occurrence, Recurrence, SeriesId, Task};

/// A series as it is written.
#[derive(Insertable)]
#[diesel(table_name = series)]
struct NewSeries<'a> {
    user_id: &'a str,
    series_id: SeriesId,
    recurrence_rule: &'a str,
    recurrence_anchor: &'static str,
    time_zone: &'a str,
    start_local: NaiveDateTime,
    due_after_days: Option<i32>,
    due_after_seconds: Option<i32>,
    create_time: DateTime<Utc>,
}

/// Locks a series until the transaction ends, and returns whether it has ended.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    series_id: SeriesId,
) -> Result<Option<bool>, DatabaseError> {
    Ok(series::table
        .find((user_id.as_ref(), series_id))
        .select(series::end_time.is_not_null())
        .for_update()
        .first(tx)
        .await
        .optional()?)
}

impl<'a> NewSeries<'a> {
    fn of_first(task: &'a Task) -> Option<Self> {
        let Recurrence { rule, anchor } = task.schedule.recurrence()?;
        let occurrence = task.occurrence.as_ref()?;
        if occurrence.previous_task_id.is_some() {
            return None;
        }
        Some(Self {
            user_id: task.user_id.as_ref(),
            series_id: occurrence.series_id,
            recurrence_rule: rule.as_ref(),
            recurrence_anchor: anchor.word(),
            time_zone: task.schedule.time_zone()?.as_ref(),
            start_local: occurrence.start_local.naive(),
            due_after_days: occurrence.due_after.days,
            due_after_seconds: occurrence.due_after.seconds,
            create_time: task.update_time,
        })
    }
}

/// Adds the series that tasks are the first occurrences of; a task that does not repeat needs none, and one that follows
/// another one has it already.
pub async fn insert_of_first(
    tx: &mut AsyncPgConnection,
    tasks: &[Task],
) -> Result<(), DatabaseError> {
    let new: Vec<_> = tasks.iter().filter_map(NewSeries::of_first).collect();
    if !new.is_empty() {
        diesel::insert_into(series::table)
            .values(new)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Resumes a series that had ended.
pub async fn clear_end(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    series_id: SeriesId,
) -> Result<(), DatabaseError> {
    diesel::update(series::table.find((user_id.as_ref(), series_id)))
        .set(series::end_time.eq(None::<DateTime<Utc>>))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends the series of an occurrence that leaves it, unless there is a later occurrence.
pub async fn update_end(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    leaving: &Occurrence,
    now: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    let later = tasks::table.filter(
        tasks::user_id
            .eq(user_id.as_ref())
            .and(tasks::series_id.eq(leaving.series_id))
            .and(tasks::recurrence_id.gt(leaving.recurrence_id.naive())),
    );
    diesel::update(series::table.find((user_id.as_ref(), leaving.series_id)))
        .filter(diesel::dsl::not(diesel::dsl::exists(later)))
        .set(series::end_time.eq(now))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}
