//! Puts entries at the ends of the chains of their users.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use service_runtime::postgres::{AsyncPgConnection, DatabaseError};

use crate::{
    domain::{
        chain::Head,
        checkpoint::month_of,
        record::{Entry, Record},
    },
    metrics, store,
};

/// Appends entries in their order: a handful of statements, however many there are. The transaction holds the writer lock.
pub async fn append_records(
    tx: &mut AsyncPgConnection,
    entries: Vec<Entry>,
    now: DateTime<Utc>,
) -> Result<Vec<Record>, DatabaseError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    // Before anything is locked, because it locks all records. It is made well ahead, if this service runs then.
    store::month::ensure(tx, month_of(now)).await?;
    let user_ids: BTreeSet<_> = entries.iter().map(|entry| entry.user_id.clone()).collect();
    let mut heads = store::chain_head::lock(tx, &user_ids).await?;
    let records: Vec<Record> = entries
        .into_iter()
        .map(|entry| {
            let head = heads.entry(entry.user_id.clone()).or_insert(Head::EMPTY);
            head.append(entry.without_nul(), now)
        })
        .collect();
    store::record::insert(tx, &records).await?;
    store::chain_head::update(tx, &heads).await?;
    metrics::appended(records.len());
    Ok(records)
}
