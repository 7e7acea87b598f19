use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{
    schema::{series, tasks},
    series::SeriesRow,
    task_row::{TaskRow, TaskWithSeries, series_of_task},
};
use crate::domain::{Task, TaskId};

/// Which tasks a page shows.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only tasks older than this one; none for the first page.
    pub before: Option<TaskId>,
    /// Also completed tasks.
    pub show_completed: bool,
    /// Also deleted tasks.
    pub show_deleted: bool,
    /// How many at most.
    pub limit: i64,
}

/// Reads one page of a user's tasks, the newest first.
#[tracing::instrument(name = "store.task.list_page", level = "debug", skip_all)]
pub async fn list_page(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    page: Page,
) -> Result<Vec<Task>, DatabaseError> {
    let mut query = tasks::table
        .left_join(series::table.on(series_of_task()))
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .order(tasks::id.desc())
        .limit(page.limit)
        .select((TaskRow::as_select(), Option::<SeriesRow>::as_select()))
        .into_boxed();
    if let Some(id) = page.before {
        query = query.filter(tasks::id.lt(id));
    }
    if !page.show_completed {
        query = query.filter(tasks::complete_time.is_null());
    }
    if !page.show_deleted {
        query = query.filter(tasks::delete_time.is_null());
    }
    let rows: Vec<TaskWithSeries> = query.load(tx).await?;
    rows.into_iter()
        .map(|(task, series)| task.into_task(series))
        .collect()
}
