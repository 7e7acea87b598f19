//! Seals all records that are new since the last checkpoint.

use chrono::{DateTime, Months, NaiveTime, TimeDelta, Utc};
use service_runtime::{outbox, postgres::AsyncPgConnection};

use crate::{
    app::App,
    domain::{
        checkpoint::{Checkpoint, Leaf, Seal, month_of, root_of},
        hash::Hash,
    },
    error::Error,
    events::emit,
    metrics, store,
};

/// Makes, keeps and publishes a checkpoint, if there are new records or the policy gives up old ones; keeps records for so many whole
/// months after their own, without limit if none is given.
///
/// Of several replicas, one makes it; the others find nothing left to do.
pub async fn seal_records(app: &App, keep_months: Option<u32>) -> Result<(), Error> {
    let turn = app.writer.turn().await;
    let made = app
        .database
        .transaction("seal_records", async |tx| {
            store::chain_head::lock_writer(tx).await?;
            let last = store::checkpoint::find_last(tx).await?;
            let (mut leaves, new_records) = leaves(tx, last.as_ref()).await?;
            // After the chains are locked, so that none of what is sealed was made later.
            let now = app.clock.now();
            let before = last.as_ref().and_then(|last| last.seal.kept_from);
            // Once given up, a month does not come back, whatever the policy becomes.
            let kept_from = before.max(keep_months.and_then(|months| kept_from(now, months)));
            if leaves.is_empty() && kept_from == before {
                return Ok(None);
            }
            let seal = Seal {
                event_id: app.ids.uuid_v7(),
                event_time: now,
                number: last.as_ref().map_or(1, |last| last.seal.number + 1),
                previous_hash: last.as_ref().map_or(Hash::ZERO, |last| last.seal.hash()),
                root_hash: root_of(&mut leaves),
                leaf_count: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
                record_count: last.as_ref().map_or(0, |last| last.seal.record_count) + new_records,
                kept_from,
                key_id: app.key.id().to_owned(),
            };
            let checkpoint = app.key.sign(seal)?;
            store::checkpoint::insert(tx, &checkpoint, &leaves).await?;
            outbox::append_all(tx, &[emit::checkpoint_made(&checkpoint)]).await?;
            Ok::<_, Error>(Some(checkpoint))
        })
        .await?;
    drop(turn);
    if let Some(checkpoint) = &made {
        metrics::sealed(checkpoint.seal.number);
        app.sealed.notify_one();
    }
    Ok(())
}

/// Returns what there is to seal: the ends of the chains that have grown, also those at the ends of months in between; and how many
/// records are new.
async fn leaves(
    tx: &mut AsyncPgConnection,
    last: Option<&Checkpoint>,
) -> Result<(Vec<Leaf>, i64), Error> {
    let grown = store::chain_head::seal(tx).await?;
    let new_records = grown
        .iter()
        .map(|chain| chain.head.sequence - chain.sealed_sequence)
        .sum();
    let ends = grown.iter().filter_map(|chain| {
        Some(Leaf {
            user_id: chain.user_id.clone(),
            month: month_of(chain.head.record_time?),
            sequence: chain.head.sequence,
            hash: chain.head.hash,
        })
    });
    let mut leaves: Vec<Leaf> = ends.collect();
    // Only the first checkpoints of a month can seal records of the month before; a day allows for clocks that differ.
    let latest = leaves.iter().map(|leaf| leaf.month).max();
    let sealed_month = last.map(|last| month_of(last.seal.event_time - TimeDelta::days(1)));
    if let Some(latest) = latest
        && sealed_month.is_none_or(|sealed| sealed < latest)
    {
        let places: Vec<_> = grown
            .iter()
            .map(|chain| (&chain.user_id, chain.sealed_sequence))
            .collect();
        let earlier = store::checkpoint::list_month_ends(tx, &places, latest).await?;
        // The last record of a chain that ends in an earlier month is among both.
        leaves.retain(|leaf| leaf.month == latest);
        leaves.extend(earlier);
    }
    Ok((leaves, new_records))
}

fn kept_from(now: DateTime<Utc>, months: u32) -> Option<DateTime<Utc>> {
    let month = month_of(now).checked_sub_months(Months::new(months))?;
    Some(month.and_time(NaiveTime::MIN).and_utc())
}
