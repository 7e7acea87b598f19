//! Checks records against their hashes and the checkpoints.

use chrono::{DateTime, NaiveDate, Utc};
use service_runtime::ids::UserId;

use crate::{
    app::App,
    domain::{
        chain::Head,
        checkpoint::month_of,
        verification::{ChainCheck, CheckpointCheck, Finding, FindingKind, SealedPlace},
    },
    error::Error,
    store,
};

const AT_ONCE: i64 = 1_000;
/// More findings say nothing that these do not.
const MOST_FINDINGS: usize = 1_000;
/// Later than any record.
const LATEST: DateTime<Utc> =
    DateTime::from_timestamp(253_402_300_799, 0).expect("the end of the year 9999");

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// How many records were checked.
    pub records: i64,
    /// How many chains they are.
    pub chains: i64,
    /// The last checkpoint.
    pub checkpoint: i64,
    /// How many of the records no checkpoint seals yet.
    pub unsealed: i64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Records before this moment are no longer kept by policy.
    pub kept_from: Option<DateTime<Utc>>,
}

/// Checks the chain of a user up to where it ends now, against all checkpoints.
pub async fn verify_chain(app: &App, user_id: &UserId) -> Result<Verified, Error> {
    let checked = check_checkpoints(app).await?;
    let mut verified = check_chain(app, user_id, &checked).await?;
    verified.findings.splice(0..0, checked.findings);
    verified.findings.truncate(MOST_FINDINGS);
    Ok(verified)
}

/// Checks the chains of all users up to where they end now, against all checkpoints.
pub async fn verify_chains(app: &App) -> Result<Verified, Error> {
    let mut sum = check_checkpoints(app).await?;
    let mut after = String::new();
    loop {
        let users = app
            .database
            .read("verify_chains", async |tx| {
                store::chain_head::list_users(tx, &after, AT_ONCE)
                    .await
                    .map_err(Error::from)
            })
            .await?;
        let Some(last) = users.last() else {
            break;
        };
        after = last.to_string();
        for user_id in &users {
            let chain = check_chain(app, user_id, &sum).await?;
            sum.records += chain.records;
            sum.chains += chain.chains;
            sum.unsealed += chain.unsealed;
            sum.findings.extend(chain.findings);
            if sum.findings.len() >= MOST_FINDINGS {
                sum.findings.truncate(MOST_FINDINGS);
                return Ok(sum);
            }
        }
    }
    Ok(sum)
}

/// What is sealed is read before the end of the chain, and that before what leads to it: whatever is added meanwhile lies beyond.
async fn check_chain(app: &App, user_id: &UserId, checked: &Verified) -> Result<Verified, Error> {
    let last = checked.checkpoint;
    let (sealed, head, last_recorded) = app
        .database
        .read("verify_chain", async |tx| {
            let sealed = store::checkpoint::list_sealed(tx, user_id, last).await?;
            let (head, last_recorded) = store::chain_head::find(tx, user_id).await?;
            Ok::<_, Error>((sealed, head, last_recorded))
        })
        .await?;
    let after = last_dropped(&sealed, checked.kept_from);
    let places = sealed
        .into_iter()
        .map(|(sequence, _, place)| (sequence, place));
    let mut check = ChainCheck::new(user_id.clone(), after, places);
    let mut place = (after.sequence, LATEST);
    loop {
        let records = app
            .database
            .read("verify_chain", async |tx| {
                store::record::list_chain(tx, user_id, place, AT_ONCE)
                    .await
                    .map_err(Error::from)
            })
            .await?;
        let Some(end) = records.last() else {
            break;
        };
        place = (end.sequence, end.record_time);
        records
            .into_iter()
            .filter(|record| record.sequence <= head.sequence)
            .for_each(|record| check.push(record));
        if place.0 > head.sequence {
            break;
        }
    }
    let mut findings = check.finish(Some(&head));
    if last_recorded > head.sequence {
        findings.push(Finding {
            kind: FindingKind::Inserted,
            user_id: Some(user_id.clone()),
            first: head.sequence + 1,
            last: last_recorded,
            checkpoint: 0,
        });
    }
    Ok(Verified {
        records: check.checked(),
        chains: i64::from(head.sequence > 0),
        unsealed: check.unsealed(),
        findings,
        checkpoint: last,
        kept_from: checked.kept_from,
    })
}

/// Returns the last record of the chain that policy has dropped, as the checkpoints know it.
fn last_dropped(
    sealed: &[(i64, NaiveDate, SealedPlace)],
    kept_from: Option<DateTime<Utc>>,
) -> Head {
    let Some(kept_from) = kept_from.map(month_of) else {
        return Head::EMPTY;
    };
    let dropped = sealed.iter().filter(|(_, month, _)| *month < kept_from);
    dropped
        .max_by_key(|(sequence, _, _)| *sequence)
        .map_or(Head::EMPTY, |(sequence, _, place)| Head {
            sequence: *sequence,
            hash: place.hash,
            record_time: None,
        })
}

/// Checks all checkpoints with their leaves.
async fn check_checkpoints(app: &App) -> Result<Verified, Error> {
    let keys = [app.key.public()?];
    let mut check = CheckpointCheck::new(&keys);
    let mut kept_from = None;
    loop {
        let number = check.last_number();
        let checkpoints = app
            .database
            .read("verify_checkpoints", async |tx| {
                store::checkpoint::list_after(tx, number, AT_ONCE)
                    .await
                    .map_err(Error::from)
            })
            .await?;
        if checkpoints.is_empty() {
            break;
        }
        for checkpoint in &checkpoints {
            let number = checkpoint.seal.number;
            let mut leaves = app
                .database
                .read("verify_checkpoints", async |tx| {
                    store::checkpoint::list_leaves(tx, number)
                        .await
                        .map_err(Error::from)
                })
                .await?;
            if check.push(checkpoint, Some(&mut leaves)) {
                kept_from = checkpoint.seal.kept_from.max(kept_from);
            }
        }
    }
    Ok(Verified {
        checkpoint: check.last_number(),
        findings: check.finish(),
        kept_from,
        ..Verified::default()
    })
}
