use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Bool, Nullable},
};
use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;

use super::super::{Statement, task_row::StoredTask};

/// Task of a list; whether the filter matches it, since a task that does not only marks the end of a walk; and the number of the row
/// in a walk, from 1, or the number of matches that were gathered.
pub type ListedRow = (StoredTask, Option<bool>, i64);

/// Reads the rows of a statement.
pub async fn load(
    tx: &mut AsyncPgConnection,
    statement: Statement,
) -> Result<Vec<ListedRow>, DatabaseError> {
    let matches = sql::<Nullable<Bool>>("matches");
    let columns = (StoredTask::as_select(), matches, sql::<BigInt>("number"));
    statement.select(columns, tx).await
}
