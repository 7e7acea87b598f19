//! Moves records from where `tansu` keeps them, which is where they were before the broker had a log of its own.

use std::path::Path;

use libsql::Connection;
use tansu_sans_io::record::{Header, Record, deflated::Batch, inflated};
use tracing::info;

use super::broker_log::{Log, LogError};

/// So many records become one batch.
const BATCH: i64 = 500;

struct Old {
    id: i64,
    topic: String,
    number: i32,
    high: i64,
}

/// Moves everything, if the log is new.
pub async fn import(file: &Path, log: &Log) -> Result<(), LogError> {
    if !log.is_empty().await {
        return Ok(());
    }
    let connection = libsql::Builder::new_local(file).build().await?.connect()?;
    let query = "SELECT tp.id, t.name, tp.partition, coalesce(w.high, 0) FROM topition tp \
                 JOIN topic t ON t.id = tp.topic JOIN watermark w ON w.topition = tp.id WHERE coalesce(w.high, 0) > 0";
    let mut rows = connection.query(query, ()).await?;
    let mut partitions = Vec::new();
    while let Some(row) = rows.next().await? {
        partitions.push(Old {
            id: row.get(0)?,
            topic: row.get(1)?,
            number: row.get(2)?,
            high: row.get(3)?,
        });
    }
    for partition in &partitions {
        move_partition(&connection, partition, log).await?;
    }
    if !partitions.is_empty() {
        info!(
            "moved {} partitions into the broker's log",
            partitions.len()
        );
    }
    Ok(())
}

async fn move_partition(connection: &Connection, old: &Old, log: &Log) -> Result<(), LogError> {
    let (topic, number) = (old.topic.as_str(), old.number);
    let mut next = 0;
    loop {
        let Some((base, batch, end)) = read_batch(connection, old.id, next).await? else {
            break;
        };
        log.begin_at(topic, number, base).await?;
        log.append(topic, number, batch).await?;
        next = end;
    }
    log.begin_at(topic, number, old.high).await
}

/// Reads records that follow each other without a gap; returns the first one's offset and the one after the last.
async fn read_batch(
    connection: &Connection,
    partition: i64,
    from: i64,
) -> Result<Option<(i64, Batch, i64)>, LogError> {
    let query = "SELECT offset_id, CAST(timestamp AS INTEGER), k, v FROM record WHERE topition = ?1 AND offset_id >= ?2 \
                 ORDER BY offset_id LIMIT ?3";
    let mut rows = connection.query(query, (partition, from, BATCH)).await?;
    let (mut base, mut end, mut begun, mut latest) = (0, 0, 0, 0);
    let mut records = Vec::new();
    while let Some(row) = rows.next().await? {
        let offset: i64 = row.get(0)?;
        let time = row.get::<Option<i64>>(1)?.unwrap_or_default();
        if records.is_empty() {
            (base, begun, latest) = (offset, time, time);
        } else if offset != end {
            break;
        }
        let mut record = Record::builder()
            .offset_delta(i32::try_from(records.len()).unwrap_or_default())
            .timestamp_delta(time - begun)
            .key(row.get::<Option<Vec<u8>>>(2)?.map(Into::into))
            .value(row.get::<Option<Vec<u8>>>(3)?.map(Into::into));
        for (name, value) in headers(connection, partition, offset).await? {
            let mut header = Header::builder();
            if let Some(name) = name {
                header = header.key(name.into());
            }
            if let Some(value) = value {
                header = header.value(value.into());
            }
            record = record.header(header);
        }
        records.push(record);
        latest = latest.max(time);
        end = offset + 1;
    }
    if records.is_empty() {
        return Ok(None);
    }
    let last = i32::try_from(records.len() - 1).unwrap_or_default();
    let mut batch = inflated::Batch::builder()
        .base_timestamp(begun)
        .max_timestamp(latest)
        .last_offset_delta(last)
        .producer_id(-1);
    for record in records {
        batch = batch.record(record);
    }
    let batch = Batch::try_from(batch.build()?)?;
    Ok(Some((base, batch, end)))
}

type Pair = (Option<Vec<u8>>, Option<Vec<u8>>);

async fn headers(
    connection: &Connection,
    partition: i64,
    offset: i64,
) -> Result<Vec<Pair>, LogError> {
    let query = "SELECT k, v FROM header WHERE topition = ?1 AND offset_id = ?2";
    let mut rows = connection.query(query, (partition, offset)).await?;
    let mut headers = Vec::new();
    while let Some(row) = rows.next().await? {
        headers.push((row.get(0)?, row.get(1)?));
    }
    Ok(headers)
}
