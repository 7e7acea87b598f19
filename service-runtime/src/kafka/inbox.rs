use std::collections::{HashMap, HashSet};

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Interval, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::retry_store;
use crate::postgres::{AsFixed, DatabaseError};

/// Inbox entries of one batch of events. Owned, so that a task that outlives the batch's consumer can write them.
#[derive(Debug)]
pub struct InboxBatch {
    pub(super) topic: &'static str,
    pub(super) entries: Vec<Entry>,
    /// Row of the retry queue that holds the batch's only event, if it is parked.
    pub(super) parked: Option<i64>,
}

impl InboxBatch {
    /// Inserts the events in the transaction that has their effects; returns of each whether it is new.
    pub async fn insert(&self, tx: &mut AsyncPgConnection) -> Result<Vec<Known>, DatabaseError> {
        let known = insert(tx, self.topic, &self.entries).await?;
        // A refused event stays parked until it is a dead letter.
        if let Some(id) = self.parked
            && !known.contains(&Known::OtherContent)
        {
            retry_store::delete(tx, id).await?;
        }
        Ok(known)
    }

    /// Inserts the events; returns of each whether it is new, and those of their `values` that belong to new ones.
    pub async fn insert_new<T: Copy>(
        &self,
        tx: &mut AsyncPgConnection,
        values: &[T],
    ) -> Result<(Vec<Known>, Vec<T>), DatabaseError> {
        let known = self.insert(tx).await?;
        let is_new = values.iter().zip(&known);
        let new = is_new.filter(|(_, known)| **known == Known::New);
        let new = new.map(|(value, _)| *value).collect();
        Ok((known, new))
    }
}

/// Inbox entry of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub event_id: Uuid,
    /// Digest of the message.
    pub digest: i64,
}

/// Result of inserting an event into the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// New, and inserted.
    New,
    /// Handled before.
    Handled,
    /// An event with this id and another message was handled before.
    OtherContent,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
    #[diesel(sql_type = BigInt)]
    digest: i64,
}

/// Inserts events; returns of each whether it is new.
pub(super) async fn insert(
    tx: &mut AsyncPgConnection,
    topic: &str,
    entries: &[Entry],
) -> Result<Vec<Known>, DatabaseError> {
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.event_id).collect();
    let digests: Vec<i64> = entries.iter().map(|entry| entry.digest).collect();
    let inserted: Vec<Row> = diesel::sql_query(
        "INSERT INTO inbox (topic, event_id, digest) SELECT $1, event_id, digest \
         FROM unnest($2, $3) AS entry (event_id, digest) ON CONFLICT DO NOTHING RETURNING event_id, digest",
    )
    .bind::<Text, _>(topic)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<BigInt>, _>(digests)
    .fixed()
    .load(tx)
    .await?;
    if inserted.len() == entries.len() {
        return Ok(vec![Known::New; entries.len()]);
    }
    let mut new: HashSet<Uuid> = inserted.iter().map(|row| row.event_id).collect();
    let digests = digests_of(tx, topic, &ids).await?;
    let known = |entry: &Entry| {
        if new.remove(&entry.event_id) {
            return Known::New;
        }
        match digests.get(&entry.event_id) {
            Some(digest) if *digest != entry.digest => Known::OtherContent,
            _ => Known::Handled,
        }
    };
    Ok(entries.iter().map(known).collect())
}

async fn digests_of(
    connection: &mut AsyncPgConnection,
    topic: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, i64>, DatabaseError> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT event_id, digest FROM inbox WHERE topic = $1 AND event_id = ANY ($2)",
    )
    .bind::<Text, _>(topic)
    .bind::<Array<SqlUuid>, _>(ids)
    .fixed()
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.event_id, row.digest))
        .collect())
}

/// Deletes entries that are older than `keep`.
pub(super) async fn delete_old(
    connection: &mut AsyncPgConnection,
    keep: chrono::TimeDelta,
) -> Result<usize, DatabaseError> {
    // The times of entries are truncated to the hour, so the limit is too: no entry is deleted early. The subquery is evaluated once; a
    // comparison with the volatile function would read every row.
    let statement = "DELETE FROM inbox WHERE create_time < (SELECT date_trunc('hour', clock_timestamp() - $1, 'UTC'))";
    Ok(diesel::sql_query(statement)
        .bind::<Interval, _>(keep)
        .fixed()
        .execute(connection)
        .await?)
}
