//! Tables `checkpoints` and `checkpoint_leaves`: inserted, read, and nothing else.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    pg::Pg,
    sql_types::{Array, BigInt, Bytea, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::value;
use crate::domain::{
    checkpoint::{Checkpoint, Leaf, Seal},
    verification::SealedEnd,
};

const COLUMNS: &str = "number, event_id, event_time, previous_hash, root_hash, leaf_count, record_count, kept_from, key_id, signature";

#[derive(QueryableByName)]
struct CheckpointRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    event_time: DateTime<Utc>,
    #[diesel(sql_type = Bytea)]
    previous_hash: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    root_hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    leaf_count: i64,
    #[diesel(sql_type = BigInt)]
    record_count: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    kept_from: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    key_id: String,
    #[diesel(sql_type = Bytea)]
    signature: Vec<u8>,
}

impl CheckpointRow {
    fn into_domain(self) -> Result<Checkpoint, DatabaseError> {
        Ok(Checkpoint {
            seal: Seal {
                event_id: self.event_id,
                event_time: self.event_time,
                number: self.number,
                previous_hash: value::hash("checkpoints.previous_hash", &self.previous_hash)?,
                root_hash: value::hash("checkpoints.root_hash", &self.root_hash)?,
                leaf_count: self.leaf_count,
                record_count: self.record_count,
                kept_from: self.kept_from,
                key_id: self.key_id,
            },
            signature: self.signature,
        })
    }
}

#[derive(QueryableByName)]
struct LeafRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Date)]
    month: NaiveDate,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl LeafRow {
    fn into_domain(self) -> Result<Leaf, DatabaseError> {
        Ok(Leaf {
            user_id: value::user_id(&self.user_id)?,
            month: self.month,
            sequence: self.sequence,
            hash: value::hash("checkpoint_leaves.hash", &self.hash)?,
        })
    }
}

pub async fn find_last(tx: &mut AsyncPgConnection) -> Result<Option<Checkpoint>, DatabaseError> {
    let rows: Vec<CheckpointRow> = diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM checkpoints ORDER BY number DESC LIMIT 1"
    ))
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter()
        .next()
        .map(CheckpointRow::into_domain)
        .transpose()
}

/// Returns the checkpoints after a number, in their order.
pub async fn list_after(
    tx: &mut AsyncPgConnection,
    number: i64,
    limit: i64,
) -> Result<Vec<Checkpoint>, DatabaseError> {
    let rows: Vec<CheckpointRow> = diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM checkpoints WHERE number > $1 ORDER BY number LIMIT $2"
    ))
    .bind::<BigInt, _>(number)
    .bind::<BigInt, _>(limit)
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter().map(CheckpointRow::into_domain).collect()
}

/// Returns the leaves of the checkpoints after a number, up to another, by their numbers.
pub async fn list_leaves(
    tx: &mut AsyncPgConnection,
    after: i64,
    up_to: i64,
) -> Result<HashMap<i64, Vec<Leaf>>, DatabaseError> {
    let rows: Vec<LeafRow> = diesel::sql_query(
        "SELECT user_id, month, sequence, hash, number FROM checkpoint_leaves WHERE number > $1 AND number <= $2",
    )
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(up_to)
    .fixed()
    .load(tx)
    .await?;
    let mut leaves: HashMap<i64, Vec<Leaf>> = HashMap::new();
    for row in rows {
        leaves
            .entry(row.number)
            .or_default()
            .push(row.into_domain()?);
    }
    Ok(leaves)
}

/// Returns the sealed ends of a user's chain in checkpoints up to a number.
pub async fn list_sealed(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    up_to: i64,
) -> Result<Vec<SealedEnd>, DatabaseError> {
    let rows: Vec<LeafRow> = diesel::sql_query(
        "SELECT user_id, month, sequence, hash, number FROM checkpoint_leaves
         WHERE user_id = $1 AND number <= $2 ORDER BY sequence",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<BigInt, _>(up_to)
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (number, leaf) = (row.number, row.into_domain()?);
            Ok(SealedEnd {
                sequence: leaf.sequence,
                month: leaf.month,
                hash: leaf.hash,
                checkpoint: number,
            })
        })
        .collect()
}

/// Returns, of chains that have grown since a place in each, the last new record of every month before this one.
pub async fn list_month_ends(
    tx: &mut AsyncPgConnection,
    grown: &[(&UserId, i64)],
    month: NaiveDate,
) -> Result<Vec<Leaf>, DatabaseError> {
    let users: Vec<&str> = grown.iter().map(|(user, _)| user.as_ref()).collect();
    let places: Vec<i64> = grown.iter().map(|(_, place)| *place).collect();
    let rows: Vec<LeafRow> = diesel::sql_query(
        "SELECT DISTINCT ON (grown.user_id, month)
                grown.user_id, date_trunc('month', record_time AT TIME ZONE 'UTC')::date AS month, records.sequence, hash,
                0::bigint AS number
         FROM unnest($1, $2) AS grown (user_id, sealed)
         JOIN records ON records.user_id = grown.user_id AND records.sequence > sealed
         WHERE record_time < ($3::timestamp AT TIME ZONE 'UTC')
         ORDER BY grown.user_id, month, records.sequence DESC",
    )
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(users)
    .bind::<Array<BigInt>, _>(places)
    .bind::<Date, _>(month)
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter().map(LeafRow::into_domain).collect()
}

pub async fn insert(
    tx: &mut AsyncPgConnection,
    checkpoint: &Checkpoint,
    leaves: &[Leaf],
) -> Result<(), DatabaseError> {
    let Checkpoint { seal, signature } = checkpoint;
    diesel::sql_query(format!(
        "INSERT INTO checkpoints ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ))
    .bind::<BigInt, _>(seal.number)
    .bind::<SqlUuid, _>(seal.event_id)
    .bind::<Timestamptz, _>(seal.event_time)
    .bind::<Bytea, _>(seal.previous_hash.as_bytes())
    .bind::<Bytea, _>(seal.root_hash.as_bytes())
    .bind::<BigInt, _>(seal.leaf_count)
    .bind::<BigInt, _>(seal.record_count)
    .bind::<Nullable<Timestamptz>, _>(seal.kept_from)
    .bind::<Text, _>(&seal.key_id)
    .bind::<Bytea, _>(signature)
    .fixed()
    .execute(tx)
    .await?;
    let users: Vec<&str> = leaves.iter().map(|leaf| leaf.user_id.as_ref()).collect();
    let months: Vec<NaiveDate> = leaves.iter().map(|leaf| leaf.month).collect();
    let places: Vec<i64> = leaves.iter().map(|leaf| leaf.sequence).collect();
    let hashes: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.hash.as_bytes()).collect();
    diesel::sql_query(
        "INSERT INTO checkpoint_leaves (user_id, month, sequence, hash, number)
         SELECT user_id, month, sequence, hash, $5 FROM unnest($1, $2, $3, $4) AS new (user_id, month, sequence, hash)",
    )
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(users)
    .bind::<Array<Date>, _>(months)
    .bind::<Array<BigInt>, _>(places)
    .bind::<Array<Bytea>, _>(hashes)
    .bind::<BigInt, _>(seal.number)
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}
