//! Table `chain_heads`: the end of each user's chain.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    dsl::sql,
    pg::Pg,
    sql_types::{Array, BigInt, Bytea, Nullable, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::value;
use crate::domain::{chain::Head, hash::Hash};

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    record_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    sealed_sequence: i64,
}

/// A chain that has grown since it was last sealed.
#[derive(Debug, Clone)]
pub struct GrownChain {
    pub user_id: UserId,
    pub head: Head,
    /// The place of the last record that is sealed.
    pub sealed_sequence: i64,
}

impl HeadRow {
    fn into_domain(self) -> Result<GrownChain, DatabaseError> {
        Ok(GrownChain {
            user_id: value::user_id(&self.user_id)?,
            head: Head {
                sequence: self.sequence,
                hash: value::hash("chain_heads.hash", &self.hash)?,
                record_time: self.record_time,
            },
            sealed_sequence: self.sealed_sequence,
        })
    }
}

/// Makes this transaction the only one of all replicas that writes chains, until it ends. Taken before any other lock, so that a transaction
/// that waits here holds nothing that another waits for; the wait is one transaction of each other replica at most.
pub async fn lock_writer(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('audit chains', 0))")
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Locks the chains of these users, in their order, and returns where they end; a user without records has none.
///
/// Under the writer lock nothing else has these rows. Their own locks keep out a statement that was not made by this service.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_ids: &BTreeSet<UserId>,
) -> Result<HashMap<UserId, Head>, DatabaseError> {
    let names: Vec<&str> = user_ids.iter().map(AsRef::as_ref).collect();
    let rows: Vec<HeadRow> = diesel::sql_query(
        "SELECT user_id, sequence, hash, record_time, sealed_sequence FROM chain_heads
         WHERE user_id = ANY ($1) ORDER BY user_id COLLATE \"C\" FOR UPDATE",
    )
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(names)
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let chain = row.into_domain()?;
            Ok((chain.user_id, chain.head))
        })
        .collect()
}

/// Returns the head of a user's chain and the sequence of the user's last record, as of one moment.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<(Head, i64), DatabaseError> {
    #[derive(QueryableByName)]
    struct EndRow {
        #[diesel(embed)]
        head: HeadRow,
        #[diesel(sql_type = BigInt)]
        last_recorded: i64,
    }

    let row: EndRow = diesel::sql_query(
        "SELECT one.user_id, coalesce(sequence, 0) AS sequence, coalesce(hash, $2) AS hash, record_time,
                coalesce(sealed_sequence, 0) AS sealed_sequence,
                coalesce((SELECT max(sequence) FROM records WHERE records.user_id = $1), 0) AS last_recorded
         FROM (SELECT $1 AS user_id) AS one LEFT JOIN chain_heads ON chain_heads.user_id = $1",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<Bytea, _>(Hash::ZERO.as_bytes())
    .fixed()
    .get_result(tx)
    .await?;
    Ok((row.head.into_domain()?.head, row.last_recorded))
}

/// Returns the users that have chains, in their order, after one of them.
pub async fn list_users(
    tx: &mut AsyncPgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseError> {
    let users: Vec<String> = sql::<Text>("SELECT user_id FROM chain_heads WHERE user_id > ")
        .bind::<Text, _>(after)
        .sql(" ORDER BY user_id LIMIT ")
        .bind::<BigInt, _>(limit)
        .fixed()
        .load(tx)
        .await?;
    users.iter().map(|user| value::user_id(user)).collect()
}

/// Writes the heads of locked chains, and the first ones of new chains.
pub async fn update(
    tx: &mut AsyncPgConnection,
    heads: &HashMap<UserId, Head>,
) -> Result<(), DatabaseError> {
    let column = |value: fn(&Head) -> i64| heads.values().map(value).collect::<Vec<_>>();
    let users: Vec<&str> = heads.keys().map(AsRef::as_ref).collect();
    let hashes: Vec<&[u8]> = heads.values().map(|head| head.hash.as_bytes()).collect();
    let times: Vec<_> = heads.values().map(|head| head.record_time).collect();
    diesel::sql_query(
        "INSERT INTO chain_heads (user_id, sequence, hash, record_time) SELECT * FROM unnest($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, record_time = excluded.record_time",
    )
    .into_boxed::<Pg>()
    .bind::<Array<Text>, _>(users)
    .bind::<Array<BigInt>, _>(column(|head| head.sequence))
    .bind::<Array<Bytea>, _>(hashes)
    .bind::<Array<Nullable<Timestamptz>>, _>(times)
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks the chains that have grown since they were last sealed, in the order of the users, and counts them as sealed; returns how they
/// were before.
pub async fn seal(tx: &mut AsyncPgConnection) -> Result<Vec<GrownChain>, DatabaseError> {
    let rows: Vec<HeadRow> = diesel::sql_query(
        "SELECT user_id, sequence, hash, record_time, sealed_sequence FROM chain_heads
         WHERE sequence > sealed_sequence ORDER BY user_id COLLATE \"C\" FOR UPDATE",
    )
    .fixed()
    .load(tx)
    .await?;
    let chains = rows
        .into_iter()
        .map(HeadRow::into_domain)
        .collect::<Result<Vec<_>, _>>()?;
    let users: Vec<&str> = chains.iter().map(|chain| chain.user_id.as_ref()).collect();
    diesel::sql_query("UPDATE chain_heads SET sealed_sequence = sequence WHERE user_id = ANY ($1)")
        .into_boxed::<Pg>()
        .bind::<Array<Text>, _>(users)
        .fixed()
        .execute(tx)
        .await?;
    Ok(chains)
}
