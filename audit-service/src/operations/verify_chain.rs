//! Checks records against their hashes and the checkpoints.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use service_runtime::ids::UserId;
use tokio::task::spawn_blocking;

use super::check_checkpoints::{CheckedCheckpoints, check_checkpoints};
use crate::{
    app::App,
    domain::{
        record::Hashed,
        verification::{ChainCheck, Finding, FindingKind, last_dropped},
    },
    error::Error,
    store::{self, record::StoredRecord},
};

const USERS_AT_ONCE: i64 = 1_000;
const RECORDS_AT_ONCE: i64 = 2_000;
/// More chains at once would take connections from other calls.
const MOST_CHAINS_AT_ONCE: usize = 4;
/// More findings say nothing that these do not.
const MOST_FINDINGS: usize = 1_000;
/// Later than any record.
const LATEST: DateTime<Utc> =
    DateTime::from_timestamp(253_402_300_799, 0).expect("the end of the year 9999");

/// Result of a verification.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    pub records: i64,
    pub chains: i64,
    pub checkpoint: i64,
    /// Records that no checkpoint seals yet.
    pub unsealed: i64,
    pub findings: Vec<Finding>,
    /// Records before this moment are no longer kept by policy.
    pub kept_from: Option<DateTime<Utc>>,
}

/// Result of the verification of one chain.
struct VerifiedChain {
    exists: bool,
    records: i64,
    unsealed: i64,
    findings: Vec<Finding>,
}

impl Verified {
    fn new(checkpoints: &mut CheckedCheckpoints) -> Self {
        Self {
            checkpoint: checkpoints.last,
            kept_from: checkpoints.kept_from,
            findings: std::mem::take(&mut checkpoints.findings),
            ..Self::default()
        }
    }

    fn add(&mut self, chain: VerifiedChain) {
        self.records += chain.records;
        self.chains += i64::from(chain.exists);
        self.unsealed += chain.unsealed;
        self.findings.extend(chain.findings);
        self.findings.truncate(MOST_FINDINGS);
    }
}

/// Checks the chain of a user up to where it ends now, against all checkpoints.
pub async fn verify_chain(app: &App, user_id: &UserId) -> Result<Verified, Error> {
    let mut checkpoints = check_checkpoints(app).await?;
    let mut verified = Verified::new(&mut checkpoints);
    let chain = check_chain(app.clone(), user_id.clone(), Arc::new(checkpoints)).await?;
    verified.add(chain);
    Ok(verified)
}

/// Checks the chains of all users up to where they end now, against all checkpoints.
pub async fn verify_chains(app: &App) -> Result<Verified, Error> {
    let mut checkpoints = check_checkpoints(app).await?;
    let mut sum = Verified::new(&mut checkpoints);
    let checkpoints = Arc::new(checkpoints);
    let at_once = available_parallelism().map_or(1, NonZero::get) + 1;
    let mut after = String::new();
    loop {
        let users = app
            .database
            .read("verify_chains", async |tx| {
                store::chain_head::list_users(tx, &after, USERS_AT_ONCE).await
            })
            .await?;
        let Some(last) = users.last() else {
            return Ok(sum);
        };
        after = last.to_string();
        let mut chains = stream::iter(users)
            .map(|user_id| check_chain(app.clone(), user_id, checkpoints.clone()))
            .buffered(at_once.min(MOST_CHAINS_AT_ONCE));
        while let Some(chain) = chains.try_next().await? {
            sum.add(chain);
            if sum.findings.len() >= MOST_FINDINGS {
                return Ok(sum);
            }
        }
    }
}

/// The sealed ends are read before the head, and the head before the records, so that concurrent appends lie beyond it. Records are
/// decoded and hashed on a thread of their own.
async fn check_chain(
    app: App,
    user_id: UserId,
    checkpoints: Arc<CheckedCheckpoints>,
) -> Result<VerifiedChain, Error> {
    let last = checkpoints.last;
    let (sealed, head, last_recorded) = app
        .database
        .read("verify_chain", async |tx| {
            let sealed = store::checkpoint::list_sealed(tx, &user_id, last).await?;
            let (head, last_recorded) = store::chain_head::find(tx, &user_id).await?;
            Ok::<_, Error>((sealed, head, last_recorded))
        })
        .await?;
    let after = last_dropped(&sealed, checkpoints.kept_from);
    let mut check = ChainCheck::new(
        user_id.clone(),
        after.sequence + 1,
        Some(after.hash),
        sealed,
    );
    let mut place = (after.sequence, LATEST);
    loop {
        let page = app
            .database
            .read("verify_chain", async |tx| {
                store::record::list_chain(tx, &user_id, place, RECORDS_AT_ONCE).await
            })
            .await?;
        let Some(end) = page.last().map(StoredRecord::place) else {
            break;
        };
        place = end;
        let is_last = page.len() < usize::try_from(RECORDS_AT_ONCE).unwrap_or(usize::MAX);
        let hashing = spawn_blocking(move || hash(page, head.sequence));
        let hashed = hashing.await.expect("nothing in hashing panics")?;
        hashed.into_iter().for_each(|record| check.push(record));
        if is_last || place.0 > head.sequence {
            break;
        }
    }
    let mut findings = check.finish(Some(&head));
    if last_recorded > head.sequence {
        findings.push(Finding {
            kind: FindingKind::Inserted,
            user_id: Some(user_id),
            first: head.sequence + 1,
            last: last_recorded,
            checkpoint: 0,
        });
    }
    Ok(VerifiedChain {
        exists: head.sequence > 0,
        records: check.checked(),
        unsealed: check.unsealed(),
        findings,
    })
}

fn hash(page: Vec<StoredRecord>, up_to: i64) -> Result<Vec<Hashed>, Error> {
    page.into_iter()
        .filter(|stored| stored.place().0 <= up_to)
        .map(|stored| Ok(Hashed::from(stored.into_record()?)))
        .collect()
}
