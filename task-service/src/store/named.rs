//! Categories, tags and saved filters: three tables of the same form.

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

use crate::domain::{Content, Name, NameKey, NamedKind, NamedResource, OperationId};

/// Row as it is read, and as it is stored to undo a change.
#[derive(Debug, Clone, QueryableByName, Serialize, Deserialize)]
pub struct NamedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    display_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    #[serde(alias = "color", alias = "filter")]
    content: Option<String>,
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

impl NamedRow {
    /// Returns the row of a resource.
    pub fn of(resource: &NamedResource) -> Self {
        Self {
            id: resource.id,
            display_name: resource.name.to_string(),
            content: resource.content.text().map(str::to_owned),
            version: resource.version,
            operation_id: resource.operation_id,
            create_time: resource.create_time,
            update_time: resource.update_time,
            delete_time: resource.delete_time,
        }
    }

    /// Returns the resource.
    pub fn into_resource(self, kind: NamedKind, user_id: &UserId) -> NamedResource {
        NamedResource {
            kind,
            id: self.id,
            user_id: user_id.clone(),
            name: Name::from_stored(self.display_name),
            content: Content::from_stored(kind, self.content),
            version: self.version,
            operation_id: self.operation_id,
            create_time: self.create_time,
            update_time: self.update_time,
            delete_time: self.delete_time,
        }
    }
}

/// Returns the columns of a row and the table of a kind.
fn columns(kind: NamedKind) -> (String, &'static str) {
    let (table, content) = table(kind);
    let columns = format!(
        "id, display_name, {content} AS content, version, operation_id, create_time, update_time, delete_time"
    );
    (columns, table)
}

/// Returns the table of a kind and its column for [`Content`].
fn table(kind: NamedKind) -> (&'static str, &'static str) {
    match kind {
        NamedKind::Category => ("categories", "color"),
        NamedKind::Tag => ("tags", "color"),
        NamedKind::SavedFilter => ("saved_filters", "filter"),
    }
}

/// Returns the statement that reads the user's rows with a condition.
fn select(kind: NamedKind, condition: &str) -> String {
    let (columns, table) = columns(kind);
    format!("SELECT {columns} FROM {table} WHERE user_id = $1 AND {condition}")
}

/// Reads a resource, also a deleted one; with `lock` it is locked until the transaction ends.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: NamedKind,
    id: Uuid,
    lock: bool,
) -> Result<Option<NamedResource>, DatabaseError> {
    let condition = if lock {
        "id = $2 FOR UPDATE"
    } else {
        "id = $2"
    };
    let row: Option<NamedRow> = diesel::sql_query(select(kind, condition))
        .bind::<Text, _>(user_id.as_ref())
        .bind::<SqlUuid, _>(id)
        .fixed()
        .get_result(tx)
        .await
        .optional()?;
    Ok(row.map(|row| row.into_resource(kind, user_id)))
}

/// Reads the resources that have one of the names.
pub async fn find_by_names(
    mut tx: &AsyncPgConnection,
    kind: NamedKind,
    names: &[(&UserId, NameKey)],
) -> Result<Vec<NamedResource>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        user_id: String,
        #[diesel(embed)]
        row: NamedRow,
    }
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let (columns, table) = columns(kind);
    let statement = format!(
        "SELECT user_id, {columns} FROM {table}
         WHERE (user_id, name_key) IN (SELECT * FROM unnest($1, $2)) AND delete_time IS NULL"
    );
    let users = names.iter().map(|(user_id, _)| user_id.as_ref());
    let keys = names.iter().map(|(_, key)| key.as_ref());
    let rows: Vec<Row> = diesel::sql_query(statement)
        .bind::<Array<Text>, _>(Vec::<&str>::from_iter(users))
        .bind::<Array<Text>, _>(Vec::<&str>::from_iter(keys))
        .fixed()
        .load(&mut tx)
        .await?;
    let resource = |Row { user_id, row }| {
        let user_id = user_id.parse().map_err(DatabaseError::invalid_value)?;
        Ok(row.into_resource(kind, &user_id))
    };
    rows.into_iter().map(resource).collect()
}

/// Reads the ids and names of all categories and tags.
pub async fn label_names(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<Vec<(Uuid, String)>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Label {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        display_name: String,
    }
    let labels: Vec<Label> = diesel::sql_query(
        "SELECT id, display_name FROM categories WHERE user_id = $1 AND delete_time IS NULL
         UNION ALL SELECT id, display_name FROM tags WHERE user_id = $1 AND delete_time IS NULL",
    )
    .bind::<Text, _>(user_id.as_ref())
    .fixed()
    .load(tx)
    .await?;
    let labels = labels
        .into_iter()
        .map(|label| (label.id, label.display_name));
    Ok(labels.collect())
}

/// Reads a page in alphabetical order, from after a name on.
pub async fn list(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: NamedKind,
    after: &str,
    limit: i64,
) -> Result<Vec<NamedResource>, DatabaseError> {
    let condition = "name_key > $2 AND delete_time IS NULL ORDER BY name_key LIMIT $3";
    let rows: Vec<NamedRow> = diesel::sql_query(select(kind, condition))
        .bind::<Text, _>(user_id.as_ref())
        .bind::<Text, _>(after)
        .bind::<BigInt, _>(limit)
        .fixed()
        .load(tx)
        .await?;
    let resources = rows.into_iter().map(|row| row.into_resource(kind, user_id));
    Ok(resources.collect())
}

/// Adds a resource, unless another one has its name; waits for a transaction that is about to take the name. Returns whether it was
/// added.
pub async fn insert(
    tx: &mut AsyncPgConnection,
    resource: &NamedResource,
) -> Result<bool, DatabaseError> {
    let (table, content) = table(resource.kind);
    write(
        tx,
        resource,
        &format!(
            "INSERT INTO {table} (user_id, id, display_name, name_key, {content}, version, operation_id, update_time, delete_time,
                 create_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)
             ON CONFLICT (user_id, name_key) WHERE delete_time IS NULL DO NOTHING"
        ),
    )
    .await
}

/// Writes a resource that was locked and changed.
pub async fn update(
    tx: &mut AsyncPgConnection,
    resource: &NamedResource,
) -> Result<(), DatabaseError> {
    let (table, content) = table(resource.kind);
    write(
        tx,
        resource,
        &format!(
            "UPDATE {table} SET display_name = $3, name_key = $4, {content} = $5, version = $6, operation_id = $7,
                    update_time = $8, delete_time = $9
             WHERE user_id = $1 AND id = $2"
        ),
    )
    .await?;
    Ok(())
}

/// Executes a statement with the columns of a resource; returns whether it wrote a row.
async fn write(
    tx: &mut AsyncPgConnection,
    resource: &NamedResource,
    statement: &str,
) -> Result<bool, DatabaseError> {
    let rows = diesel::sql_query(statement)
        .bind::<Text, _>(resource.user_id.as_ref())
        .bind::<SqlUuid, _>(resource.id)
        .bind::<Text, _>(resource.name.as_ref())
        .bind::<Text, _>(resource.name.key().as_ref().to_owned())
        .bind::<Nullable<Text>, _>(resource.content.text())
        .bind::<BigInt, _>(resource.version)
        .bind::<SqlUuid, _>(resource.operation_id)
        .bind::<Timestamptz, _>(resource.update_time)
        .bind::<Nullable<Timestamptz>, _>(resource.delete_time)
        .fixed()
        .execute(tx)
        .await?;
    Ok(rows == 1)
}
