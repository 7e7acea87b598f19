use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{self, Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::schema::operation_changes;
use crate::domain::{NamedKind, OperationId};

/// Time for which an operation can be undone.
pub const KEEP: TimeDelta = TimeDelta::days(30);
/// Bounds the memory that a statement needs.
const MOST_ROWS_A_STATEMENT: usize = 5_000;
const MOST_ROWS_TO_DELETE: i64 = 10_000;

/// Kind of a resource that a write can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityKind {
    /// Task.
    Task,
    /// Category, tag or saved filter.
    Named(NamedKind),
    /// Settings of the user.
    Settings,
}

/// One thing that a write changed.
#[derive(Debug, Clone)]
pub struct OperationChange {
    /// Kind.
    pub kind: EntityKind,
    /// Its id; none for the settings.
    pub entity_id: Option<Uuid>,
    /// Its version after the change.
    pub version: i64,
    /// Fields of its row before the change, those that the change altered; none if it was created.
    pub before: Option<serde_json::Value>,
}

impl EntityKind {
    const ALL: [Self; 5] = [
        Self::Task,
        Self::Named(NamedKind::Category),
        Self::Named(NamedKind::Tag),
        Self::Named(NamedKind::SavedFilter),
        Self::Settings,
    ];

    /// Returns its word, as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Named(NamedKind::SavedFilter) => "saved_filter",
            Self::Named(kind) => kind.word(),
            Self::Settings => "settings",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl From<NamedKind> for EntityKind {
    fn from(kind: NamedKind) -> Self {
        Self::Named(kind)
    }
}

impl OperationChange {
    /// Records a change of a row from one state to another, or the creation of a row.
    pub fn of<T: Serialize>(
        kind: EntityKind,
        entity_id: Option<Uuid>,
        version: i64,
        rows: Option<[&T; 2]>,
    ) -> Result<Self, DatabaseError> {
        let before = rows.map(|[before, after]| {
            let after = fields(after)?;
            let mut before = fields(before)?;
            before.retain(|name, value| after.get(name) != Some(value));
            Ok::<_, DatabaseError>(before.into())
        });
        Ok(Self {
            kind,
            entity_id,
            version,
            before: before.transpose()?,
        })
    }

    /// Returns the row before the change, given the row after it; `None` if the change created it.
    pub fn row_before<T: Serialize + DeserializeOwned>(
        &self,
        after: &T,
    ) -> Result<Option<T>, DatabaseError> {
        let Some(Value::Object(before)) = &self.before else {
            return Ok(None);
        };
        let mut row = fields(after)?;
        row.extend(before.clone());
        serde_json::from_value(row.into())
            .map(Some)
            .map_err(DatabaseError::invalid_value)
    }
}

fn fields(row: &impl Serialize) -> Result<Map<String, Value>, DatabaseError> {
    let value = serde_json::to_value(row).and_then(serde_json::from_value);
    value.map_err(DatabaseError::invalid_value)
}

/// Keeps what writes of users changed.
pub async fn insert(
    mut tx: &AsyncPgConnection,
    now: DateTime<Utc>,
    changes: &[(UserId, OperationId, OperationChange)],
) -> Result<(), DatabaseError> {
    // The columns travel as arrays, so that one prepared statement serves for any number of rows.
    const STATEMENT: &str = "INSERT INTO operation_changes (
            user_id, operation_id, ordinal, kind, entity_id, version, before, create_time)
        SELECT user_id, operation_id, ordinal, kind, entity_id, version, before, $1
        FROM unnest($2, $3, $4, $5, $6, $7, $8) new (user_id, operation_id, ordinal, kind, entity_id, version, before)";
    let numbered: Vec<_> = (0..).zip(changes).collect();
    for chunk in numbered.chunks(MOST_ROWS_A_STATEMENT) {
        let ordinals: Vec<i32> = chunk.iter().map(|(ordinal, _)| *ordinal).collect();
        let calls = || chunk.iter().map(|(_, call)| *call);
        let changes = || calls().map(|(_, _, change)| change);
        diesel::sql_query(STATEMENT)
            .bind::<Timestamptz, _>(now)
            .bind::<Array<Text>, _>(Vec::from_iter(calls().map(|(user, ..)| user.as_ref())))
            .bind::<Array<sql_types::Uuid>, _>(Vec::from_iter(calls().map(|(_, id, _)| *id)))
            .bind::<Array<Integer>, _>(ordinals)
            .bind::<Array<Text>, _>(Vec::from_iter(changes().map(|change| change.kind.word())))
            .bind::<Array<Nullable<sql_types::Uuid>>, _>(Vec::from_iter(
                changes().map(|change| change.entity_id),
            ))
            .bind::<Array<BigInt>, _>(Vec::from_iter(changes().map(|change| change.version)))
            .bind::<Array<Nullable<Jsonb>>, _>(Vec::from_iter(
                changes().map(|change| change.before.as_ref()),
            ))
            .fixed()
            .execute(&mut tx)
            .await?;
    }
    Ok(())
}

/// Reads what a write changed, the last change first.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    operation_id: OperationId,
) -> Result<Vec<OperationChange>, DatabaseError> {
    type Row = (String, Option<Uuid>, i64, Option<serde_json::Value>);
    let rows: Vec<Row> = operation_changes::table
        .filter(operation_changes::user_id.eq(user_id.as_ref()))
        .filter(operation_changes::operation_id.eq(operation_id))
        .order(operation_changes::ordinal.desc())
        .select((
            operation_changes::kind,
            operation_changes::entity_id,
            operation_changes::version,
            operation_changes::before,
        ))
        .load(tx)
        .await?;
    rows.into_iter()
        .map(|(kind, entity_id, version, before)| {
            let kind = EntityKind::from_word(&kind).ok_or("unknown kind in operation_changes");
            Ok(OperationChange {
                kind: kind.map_err(DatabaseError::invalid_value)?,
                entity_id,
                version,
                before,
            })
        })
        .collect()
}

/// Deletes what was changed before a moment, up to 10 000 rows of it.
pub async fn delete_older(
    tx: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    let statement = "DELETE FROM operation_changes WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM operation_changes WHERE create_time < $1 LIMIT $2))";
    diesel::sql_query(statement)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(MOST_ROWS_TO_DELETE)
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}
