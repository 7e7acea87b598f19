use diesel::{QueryableByName, sql_types::Uuid as SqlUuid};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{Statement, filter_condition::Condition, task};
use crate::domain::{Task, TaskId};

/// Page of an export.
#[derive(Debug, Clone, Copy)]
pub struct ExportPage {
    /// Only tasks newer than this one; none for the first page.
    pub after: Option<TaskId>,
    /// No tasks newer than this id.
    pub until: TaskId,
    /// Also deleted tasks.
    pub show_deleted: bool,
    /// Maximum number.
    pub limit: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: TaskId,
}

/// Reads one page of a user's tasks that fulfil a condition, the oldest first.
#[tracing::instrument(name = "store.task.list_export_page", level = "debug", skip_all)]
pub async fn list_export_page(
    connection: &mut AsyncPgConnection,
    user_id: &UserId,
    page: ExportPage,
    condition: &Condition,
) -> Result<Vec<Task>, DatabaseError> {
    let mut statement = Statement::default();
    statement
        .push("SELECT t.id FROM tasks t WHERE t.user_id = ")
        .bind(user_id.as_ref())
        .push(" AND t.id <= ")
        .bind(page.until.as_uuid());
    if let Some(id) = page.after {
        statement.push(" AND t.id > ").bind(id.as_uuid());
    }
    if !page.show_deleted {
        statement.push(" AND t.delete_time IS NULL");
    }
    condition.write(&mut statement);
    statement.push(" ORDER BY t.id LIMIT ").bind(page.limit);
    let rows: Vec<Row> = statement.load(connection).await?;
    let ids: Vec<TaskId> = rows.into_iter().map(|row| row.id).collect();
    task::find_all(connection, user_id, &ids).await
}
