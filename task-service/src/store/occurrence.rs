use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{schema::task_view, task_row::TaskRow};
use crate::domain::{Occurrence, Task, TaskId};

/// Finds the occurrence that follows a task in its series: the one that was created for it, or else the next later one.
#[tracing::instrument(name = "store.task.find_following", level = "debug", skip_all)]
pub async fn find_following(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    task_id: TaskId,
    place: &Occurrence,
) -> Result<Option<Task>, DatabaseError> {
    let created_for_it = task_view::previous_task_id.eq(task_id);
    let later = task_view::recurrence_id.gt(place.recurrence_id.naive());
    let row: Option<TaskRow> = task_view::table
        .filter(
            task_view::user_id
                .eq(user_id.as_ref())
                .and(task_view::series_id.eq(place.series_id)),
        )
        .filter(created_for_it.or(later))
        .order((
            created_for_it.desc().nulls_last(),
            task_view::recurrence_id.asc(),
        ))
        .select(TaskRow::as_select())
        .first(tx)
        .await
        .optional()?;
    row.map(TaskRow::into_task).transpose()
}
