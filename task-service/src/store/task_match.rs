use diesel::{QueryableByName, sql_types::Uuid as SqlUuid};
use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;
use uuid::Uuid;

use super::{Statement, filter_condition::Condition};
use crate::domain::{TaskId, filter::Field};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: TaskId,
}

/// Returns those of a user's tasks that fulfil a condition and are not deleted; completed ones only if they are asked for, or the
/// condition decides.
#[tracing::instrument(name = "store.task.list_matching", level = "debug", skip_all)]
pub async fn list_matching(
    connection: &mut AsyncPgConnection,
    condition: &Condition,
    ids: &[TaskId],
    show_completed: bool,
) -> Result<Vec<TaskId>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(TaskId::as_uuid).collect();
    let mut statement = Statement::default();
    statement
        .push("SELECT t.id FROM tasks t WHERE t.user_id = ")
        .bind(condition.user_id.as_ref())
        .push(" AND t.id = ANY (")
        .bind(ids)
        .push(") AND t.delete_time IS NULL");
    if !show_completed && !condition.filter.names(&[Field::State, Field::Complete]) {
        statement.push(" AND t.complete_time IS NULL");
    }
    condition.write(&mut statement);
    let rows: Vec<Row> = statement.load(connection).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
