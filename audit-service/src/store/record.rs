//! Table `records`: inserted, read, and nothing else.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    pg::Pg,
    sql_types::{Array, BigInt, Bytea, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::value;
use crate::domain::record::{Actor, Entry, FieldChange, Record};

/// Columns in the order of [`StoredRecord`].
pub(super) const COLUMNS: &str = "user_id, sequence, record_time, id, action, event_type, event_time, task_id, reminder_id, version, \
    actor_user_id, actor_service, actor_token_id, actor_client_id, actor_ip_address, actor_user_agent, changes, operation_id, \
    trace_id, previous_hash, hash";

/// Row that can be converted to a record on another thread.
#[derive(QueryableByName)]
pub struct StoredRecord {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Timestamptz)]
    record_time: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = Timestamptz)]
    event_time: DateTime<Utc>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    task_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    reminder_id: Option<Uuid>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    actor_user_id: String,
    #[diesel(sql_type = Text)]
    actor_service: String,
    #[diesel(sql_type = Text)]
    actor_token_id: String,
    #[diesel(sql_type = Text)]
    actor_client_id: String,
    #[diesel(sql_type = Text)]
    actor_ip_address: String,
    #[diesel(sql_type = Text)]
    actor_user_agent: String,
    #[diesel(sql_type = Text)]
    changes: String,
    #[diesel(sql_type = Text)]
    operation_id: String,
    #[diesel(sql_type = Text)]
    trace_id: String,
    #[diesel(sql_type = Bytea)]
    previous_hash: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
}

impl StoredRecord {
    /// Returns the position in the chain and the record time.
    pub fn place(&self) -> (i64, DateTime<Utc>) {
        (self.sequence, self.record_time)
    }

    pub fn into_record(self) -> Result<Record, DatabaseError> {
        Ok(Record {
            sequence: self.sequence,
            record_time: self.record_time,
            previous_hash: value::hash("records.previous_hash", &self.previous_hash)?,
            hash: value::hash("records.hash", &self.hash)?,
            entry: Entry {
                id: self.id,
                user_id: value::user_id(&self.user_id)?,
                action: self.action,
                event_type: self.event_type,
                event_time: self.event_time,
                task_id: self.task_id,
                reminder_id: self.reminder_id,
                version: self.version,
                actor: Actor {
                    user_id: self.actor_user_id,
                    service: self.actor_service,
                    token_id: self.actor_token_id,
                    client_id: self.actor_client_id,
                    ip_address: self.actor_ip_address,
                    user_agent: self.actor_user_agent,
                },
                changes: changes(&self.changes),
                operation_id: self.operation_id,
                trace_id: self.trace_id,
            },
        })
    }
}

/// Writes changes as a list of lists, which is shorter than a list of objects.
fn write_changes(changes: &[FieldChange]) -> String {
    let values = changes
        .iter()
        .map(|change| [&change.field, &change.before, &change.after]);
    serde_json::to_string(&values.collect::<Vec<_>>()).expect("texts fit into JSON")
}

/// Text that is no list of changes was not written by this service: it is returned as a change of no field, and does
/// not fit the hash.
fn changes(text: &str) -> Vec<FieldChange> {
    serde_json::from_str(text).unwrap_or_else(|_| {
        vec![FieldChange {
            field: String::new(),
            before: String::new(),
            after: text.to_owned(),
        }]
    })
}

/// Inserts records; the columns travel as arrays, so that one prepared statement serves for any number of rows.
pub async fn insert(tx: &mut AsyncPgConnection, records: &[Record]) -> Result<(), DatabaseError> {
    fn column<'a, T>(records: &'a [Record], value: impl Fn(&'a Record) -> T) -> Vec<T> {
        records.iter().map(value).collect()
    }

    let changes = column(records, |record| write_changes(&record.entry.changes));
    diesel::sql_query(format!(
        "INSERT INTO records ({COLUMNS})
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
    ))
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(column(records, |record| record.entry.user_id.as_ref()))
    .bind::<Array<BigInt>, _>(column(records, |record| record.sequence))
    .bind::<Array<Timestamptz>, _>(column(records, |record| record.record_time))
    .bind::<Array<SqlUuid>, _>(column(records, |record| record.entry.id))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.action.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.event_type.as_str()))
    .bind::<Array<Timestamptz>, _>(column(records, |record| record.entry.event_time))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(records, |record| record.entry.task_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(records, |record| record.entry.reminder_id))
    .bind::<Array<BigInt>, _>(column(records, |record| record.entry.version))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.actor.user_id.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.actor.service.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.actor.token_id.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.actor.client_id.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.actor.ip_address.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.actor.user_agent.as_str()))
    .bind::<Array<Text>, _>(changes)
    .bind::<Array<Text>, _>(column(records, |record| record.entry.operation_id.as_str()))
    .bind::<Array<Text>, _>(column(records, |record| record.entry.trace_id.as_str()))
    .bind::<Array<Bytea>, _>(column(records, |record| record.previous_hash.as_bytes()))
    .bind::<Array<Bytea>, _>(column(records, |record| record.hash.as_bytes()))
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Returns a user's records in the order of the chain, after a place; of several at one place, after the one that was made then.
pub async fn list_chain(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    after: (i64, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<StoredRecord>, DatabaseError> {
    Ok(diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM records WHERE user_id = $1 AND (sequence, record_time) > ($2, $3)
         ORDER BY sequence, record_time LIMIT $4"
    ))
    .bind::<Text, _>(user_id.as_ref())
    .bind::<BigInt, _>(after.0)
    .bind::<Timestamptz, _>(after.1)
    .bind::<BigInt, _>(limit)
    .fixed()
    .load(tx)
    .await?)
}
