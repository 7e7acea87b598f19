//! Checks all checkpoints with their leaves.

use std::{num::NonZero, thread::available_parallelism};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use tokio::task::spawn_blocking;

use crate::{
    app::App,
    domain::{
        checkpoint::{Checkpoint, Leaf},
        verification::{CheckpointCheck, Examined, Finding},
    },
    error::Error,
    store,
};

const AT_ONCE: i64 = 2_000;
/// The leaves of so many checkpoints are read at once that there are about so many of them.
const LEAVES_AT_ONCE: i64 = 20_000;

/// Result of the check of all checkpoints.
#[derive(Debug)]
pub struct CheckedCheckpoints {
    pub last: i64,
    /// Records before this moment are no longer kept by policy.
    pub kept_from: Option<DateTime<Utc>>,
    pub findings: Vec<Finding>,
}

pub async fn check_checkpoints(app: &App) -> Result<CheckedCheckpoints, Error> {
    let mut check = CheckpointCheck::new();
    let mut kept_from = None;
    let mut after = 0;
    loop {
        let page = read(app, after).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = last.seal.number;
        for examined in examine(app, &page).await {
            check.push(&examined);
            if examined.is_genuine() {
                kept_from = kept_from.max(examined.checkpoint.seal.kept_from);
            }
        }
    }
    Ok(CheckedCheckpoints {
        last: check.last_number(),
        findings: check.finish(),
        kept_from,
    })
}

/// Reads checkpoints after a number with their leaves: as many as are quickly read.
async fn read(app: &App, after: i64) -> Result<Vec<(Checkpoint, Vec<Leaf>)>, Error> {
    app.database
        .read("verify_checkpoints", async |tx| {
            let mut page = store::checkpoint::list_after(tx, after, AT_ONCE).await?;
            let mut leaves = 0;
            let fitting = page.iter().take_while(|checkpoint| {
                let fits = leaves < LEAVES_AT_ONCE;
                leaves += checkpoint.seal.leaf_count.clamp(1, LEAVES_AT_ONCE);
                fits
            });
            page.truncate(fitting.count());
            let Some(last) = page.last() else {
                return Ok(Vec::new());
            };
            let mut leaves = store::checkpoint::list_leaves(tx, after, last.seal.number).await?;
            let with_leaves = page.into_iter().map(|checkpoint| {
                let leaves = leaves.remove(&checkpoint.seal.number).unwrap_or_default();
                (checkpoint, leaves)
            });
            Ok::<_, Error>(with_leaves.collect())
        })
        .await
}

/// Examines checkpoints on all cores.
async fn examine(app: &App, page: &[(Checkpoint, Vec<Leaf>)]) -> Vec<Examined> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let shares = page.chunks(page.len().div_ceil(cores)).map(|share| {
        let (keys, share) = (app.verifying_keys.clone(), share.to_vec());
        spawn_blocking(move || {
            let examine = |(checkpoint, leaves)| Examined::new(&keys, checkpoint, leaves);
            share.into_iter().map(examine).collect::<Vec<_>>()
        })
    });
    let examined = join_all(shares).await.into_iter();
    examined
        .flat_map(|share| share.expect("nothing in an examination panics"))
        .collect()
}
