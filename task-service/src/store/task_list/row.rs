use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Jsonb, Nullable, Uuid},
};
use service_runtime::postgres::DatabaseError;

use crate::domain::{Place, TaskId};

/// Task of a list, with the keys that the order has.
#[derive(Debug, QueryableByName)]
pub struct ListedRow {
    #[diesel(sql_type = Uuid)]
    id: TaskId,
    #[diesel(sql_type = Jsonb)]
    keys: serde_json::Value,
    /// True if the filter matches it; if not, it only marks the end of a walk.
    #[diesel(sql_type = Nullable<Bool>)]
    pub matches: Option<bool>,
    /// Number of the row in a walk, from 1, or the number of matches that were gathered.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
}

impl ListedRow {
    /// Returns its position in the list.
    pub fn place(self) -> Result<Place, DatabaseError> {
        let keys = serde_json::from_value(self.keys).map_err(DatabaseError::invalid_value)?;
        Ok(Place { keys, id: self.id })
    }
}
