//! Categories and tags: two tables of the same form.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::search::words_of_name;
use crate::domain::{Color, Label, LabelKind, Name, NameKey, OperationId, search::plain};

/// A category or tag as it is read, and as it is kept to undo a change.
#[derive(Debug, Clone, QueryableByName, Serialize, Deserialize)]
pub struct LabelRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    display_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    color: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = SqlUuid)]
    operation_id: OperationId,
    #[diesel(sql_type = Timestamptz)]
    create_time: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    update_time: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    delete_time: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "id, display_name, color, version, operation_id, create_time, update_time, delete_time";

impl LabelRow {
    /// Returns the row of a label.
    pub fn of(label: &Label) -> Self {
        Self {
            id: label.id,
            display_name: label.name.to_string(),
            color: label.color.as_ref().map(|color| color.as_ref().to_owned()),
            version: label.version,
            operation_id: label.operation_id,
            create_time: label.create_time,
            update_time: label.update_time,
            delete_time: label.delete_time,
        }
    }

    /// Puts the label together.
    pub fn into_label(self, kind: LabelKind, user_id: &UserId) -> Label {
        Label {
            kind,
            id: self.id,
            user_id: user_id.clone(),
            name: Name::from_stored(self.display_name),
            color: self.color.map(Color::from_stored),
            version: self.version,
            operation_id: self.operation_id,
            create_time: self.create_time,
            update_time: self.update_time,
            delete_time: self.delete_time,
        }
    }
}

/// Returns the table of a kind, also the stem of its constraints' names.
pub fn table(kind: LabelKind) -> &'static str {
    match kind {
        LabelKind::Category => "categories",
        LabelKind::Tag => "tags",
    }
}

/// Reads one, also a deleted one; with `lock` nobody else can change it until the transaction ends.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: LabelKind,
    id: Uuid,
    lock: bool,
) -> Result<Option<Label>, DatabaseError> {
    let table = table(kind);
    let lock = if lock { "FOR UPDATE" } else { "" };
    let row: Option<LabelRow> = diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM {table} WHERE user_id = $1 AND id = $2 {lock}"
    ))
    .bind::<Text, _>(user_id.as_ref())
    .bind::<SqlUuid, _>(id)
    .fixed()
    .get_result(tx)
    .await
    .optional()?;
    Ok(row.map(|row| row.into_label(kind, user_id)))
}

/// Finds those that have one of the names.
pub async fn find_by_names(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: LabelKind,
    keys: &[&NameKey],
) -> Result<Vec<Label>, DatabaseError> {
    let keys: Vec<&str> = keys.iter().map(|key| key.as_ref()).collect();
    let table = table(kind);
    let rows: Vec<LabelRow> = diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM {table} WHERE user_id = $1 AND name_key = ANY ($2) AND delete_time IS NULL"
    ))
    .bind::<Text, _>(user_id.as_ref())
    .bind::<Array<Text>, _>(keys)
    .fixed()
    .load(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.into_label(kind, user_id))
        .collect())
}

/// Reads a page in alphabetical order, from after a name on.
pub async fn list(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: LabelKind,
    after: &str,
    limit: i64,
) -> Result<Vec<Label>, DatabaseError> {
    let table = table(kind);
    let rows: Vec<LabelRow> = diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM {table} WHERE user_id = $1 AND name_key > $2 AND delete_time IS NULL
         ORDER BY name_key LIMIT $3"
    ))
    .bind::<Text, _>(user_id.as_ref())
    .bind::<Text, _>(after)
    .bind::<BigInt, _>(limit)
    .fixed()
    .load(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.into_label(kind, user_id))
        .collect())
}

/// Adds one, unless another one has its name; waits for a transaction that is about to take the name. Returns whether it was
/// added.
pub async fn insert(tx: &mut AsyncPgConnection, label: &Label) -> Result<bool, DatabaseError> {
    let (table, [words, forms]) = (table(label.kind), words_of_name("$10"));
    let rows = diesel::sql_query(format!(
        "INSERT INTO {table} (user_id, id, display_name, name_key, color, version, operation_id, create_time, update_time, words, forms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {words}, {forms})
         ON CONFLICT (user_id, name_key) WHERE delete_time IS NULL DO NOTHING"
    ))
    .bind::<Text, _>(label.user_id.as_ref())
    .bind::<SqlUuid, _>(label.id)
    .bind::<Text, _>(label.name.as_ref())
    .bind::<Text, _>(label.name.key().as_ref())
    .bind::<Nullable<Text>, _>(label.color.as_ref().map(AsRef::as_ref))
    .bind::<BigInt, _>(label.version)
    .bind::<SqlUuid, _>(label.operation_id)
    .bind::<Timestamptz, _>(label.create_time)
    .bind::<Timestamptz, _>(label.update_time)
    .bind::<Text, _>(plain(label.name.as_ref()))
    .fixed()
    .execute(tx)
    .await?;
    Ok(rows == 1)
}

/// Writes one that was locked and changed.
pub async fn update(tx: &mut AsyncPgConnection, label: &Label) -> Result<(), DatabaseError> {
    let (table, [words, forms]) = (table(label.kind), words_of_name("$10"));
    diesel::sql_query(format!(
        "UPDATE {table} SET display_name = $3, name_key = $4, color = $5, version = $6, operation_id = $7,
                update_time = $8, delete_time = $9, words = {words}, forms = {forms}
         WHERE user_id = $1 AND id = $2"
    ))
    .bind::<Text, _>(label.user_id.as_ref())
    .bind::<SqlUuid, _>(label.id)
    .bind::<Text, _>(label.name.as_ref())
    .bind::<Text, _>(label.name.key().as_ref())
    .bind::<Nullable<Text>, _>(label.color.as_ref().map(AsRef::as_ref))
    .bind::<BigInt, _>(label.version)
    .bind::<SqlUuid, _>(label.operation_id)
    .bind::<Timestamptz, _>(label.update_time)
    .bind::<Nullable<Timestamptz>, _>(label.delete_time)
    .bind::<Text, _>(plain(label.name.as_ref()))
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}
