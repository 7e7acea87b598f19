use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::schema::saved_filters;
use crate::domain::{FilterText, Name, NameKey, OperationId, SavedFilter, SavedFilterId};

/// A saved filter as it is read, and as it is kept to undo a change.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = saved_filters, check_for_backend(diesel::pg::Pg))]
pub struct SavedFilterRow {
    id: SavedFilterId,
    display_name: String,
    filter: String,
    version: i64,
    operation_id: OperationId,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
    delete_time: Option<DateTime<Utc>>,
}

impl SavedFilterRow {
    /// Returns the row of a saved filter.
    pub fn of(saved: &SavedFilter) -> Self {
        Self {
            id: saved.id,
            display_name: saved.name.to_string(),
            filter: saved.filter.to_string(),
            version: saved.version,
            operation_id: saved.operation_id,
            create_time: saved.create_time,
            update_time: saved.update_time,
            delete_time: saved.delete_time,
        }
    }

    /// Puts the saved filter together.
    pub fn into_saved_filter(self, user_id: &UserId) -> SavedFilter {
        SavedFilter {
            id: self.id,
            user_id: user_id.clone(),
            name: Name::from_stored(self.display_name),
            filter: FilterText::from_stored(self.filter),
            version: self.version,
            operation_id: self.operation_id,
            create_time: self.create_time,
            update_time: self.update_time,
            delete_time: self.delete_time,
        }
    }
}

/// Reads one, also a deleted one.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: SavedFilterId,
) -> Result<Option<SavedFilter>, DatabaseError> {
    let row: Option<SavedFilterRow> = saved_filters::table
        .find((user_id.as_ref(), id))
        .select(SavedFilterRow::as_select())
        .first(tx)
        .await
        .optional()?;
    Ok(row.map(|row| row.into_saved_filter(user_id)))
}

/// Reads one, also a deleted one, and keeps others from changing it until the transaction ends.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: SavedFilterId,
) -> Result<Option<SavedFilter>, DatabaseError> {
    let row: Option<SavedFilterRow> = saved_filters::table
        .find((user_id.as_ref(), id))
        .select(SavedFilterRow::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()?;
    Ok(row.map(|row| row.into_saved_filter(user_id)))
}

/// Finds the one that has a name.
pub async fn find_by_name(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    key: &NameKey,
) -> Result<Option<SavedFilter>, DatabaseError> {
    let row: Option<SavedFilterRow> = saved_filters::table
        .filter(saved_filters::user_id.eq(user_id.as_ref()))
        .filter(saved_filters::name_key.eq(key.as_ref()))
        .filter(saved_filters::delete_time.is_null())
        .select(SavedFilterRow::as_select())
        .first(tx)
        .await
        .optional()?;
    Ok(row.map(|row| row.into_saved_filter(user_id)))
}

/// Reads a page in alphabetical order, from after a name on.
pub async fn list(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    after: &str,
    limit: i64,
) -> Result<Vec<SavedFilter>, DatabaseError> {
    let rows: Vec<SavedFilterRow> = saved_filters::table
        .filter(saved_filters::user_id.eq(user_id.as_ref()))
        .filter(saved_filters::name_key.gt(after))
        .filter(saved_filters::delete_time.is_null())
        .order(saved_filters::name_key)
        .limit(limit)
        .select(SavedFilterRow::as_select())
        .load(tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.into_saved_filter(user_id))
        .collect())
}

/// Adds one, unless another one has its name; waits for a transaction that is about to take the name. Returns whether it was
/// added.
pub async fn insert(
    tx: &mut AsyncPgConnection,
    saved: &SavedFilter,
) -> Result<bool, DatabaseError> {
    let rows = diesel::insert_into(saved_filters::table)
        .values((
            saved_filters::user_id.eq(saved.user_id.as_ref()),
            saved_filters::id.eq(saved.id),
            saved_filters::display_name.eq(saved.name.as_ref()),
            saved_filters::name_key.eq(saved.name.key().as_ref()),
            saved_filters::filter.eq(saved.filter.as_ref()),
            saved_filters::version.eq(saved.version),
            saved_filters::operation_id.eq(saved.operation_id),
            saved_filters::create_time.eq(saved.create_time),
            saved_filters::update_time.eq(saved.update_time),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(rows == 1)
}

/// Writes one that was locked and changed.
pub async fn update(tx: &mut AsyncPgConnection, saved: &SavedFilter) -> Result<(), DatabaseError> {
    diesel::update(saved_filters::table.find((saved.user_id.as_ref(), saved.id)))
        .set((
            saved_filters::display_name.eq(saved.name.as_ref()),
            saved_filters::name_key.eq(saved.name.key().as_ref()),
            saved_filters::filter.eq(saved.filter.as_ref()),
            saved_filters::version.eq(saved.version),
            saved_filters::operation_id.eq(saved.operation_id),
            saved_filters::update_time.eq(saved.update_time),
            saved_filters::delete_time.eq(saved.delete_time),
        ))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}
