//! Tasks by where they come from.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::schema::tasks;
use crate::domain::TaskId;

/// State of an existing task that an import needs.
#[derive(Debug, Clone, Queryable)]
pub struct Known {
    /// Identifies it.
    pub id: TaskId,
    /// Its id in the file that it was imported from.
    pub import_id: Option<String>,
    /// True if it is completed.
    pub completed: bool,
    /// True if it is deleted.
    pub deleted: bool,
}

/// Finds the tasks that have one of the ids, or were imported under one of the others.
#[tracing::instrument(name = "store.imported.find", level = "debug", skip_all)]
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
    import_ids: &[&str],
) -> Result<Vec<Known>, DatabaseError> {
    let columns = (
        tasks::id,
        tasks::import_id,
        tasks::complete_time.is_not_null(),
        tasks::delete_time.is_not_null(),
    );
    let of_user = || tasks::table.filter(tasks::user_id.eq(user_id.as_ref()));
    // Two statements, each with an index of its own.
    let mut known: Vec<Known> = of_user()
        .filter(tasks::id.eq_any(ids))
        .select(columns)
        .load(tx)
        .await?;
    let imported: Vec<Known> = of_user()
        .filter(tasks::import_id.eq_any(import_ids))
        .select(columns)
        .load(tx)
        .await?;
    known.extend(imported);
    Ok(known)
}
