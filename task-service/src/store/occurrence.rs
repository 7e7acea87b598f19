use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{related, schema::tasks, task_row::StoredTask};
use crate::domain::{Occurrence, Task, TaskId};

/// Finds the occurrence that follows a task in its series: the one that was created for it, or else the next later one.
#[tracing::instrument(name = "store.task.find_following", level = "debug", skip_all)]
pub async fn find_following(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    task_id: TaskId,
    place: &Occurrence,
) -> Result<Option<Task>, DatabaseError> {
    let created_for_it = tasks::previous_task_id.eq(task_id);
    let later = tasks::recurrence_id.gt(place.recurrence_id.naive());
    let row: Option<StoredTask> = tasks::table
        .filter(
            tasks::user_id
                .eq(user_id.as_ref())
                .and(tasks::series_id.eq(place.series_id)),
        )
        .filter(created_for_it.or(later))
        .order((
            created_for_it.desc().nulls_last(),
            tasks::recurrence_id.asc(),
        ))
        .select(StoredTask::as_select())
        .first(tx)
        .await
        .optional()?;
    Ok(related::complete(tx, Vec::from_iter(row)).await?.pop())
}
