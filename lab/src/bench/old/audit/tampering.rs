use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread::{self, available_parallelism},
};

use audit_service::{
    domain::{
        record::{Hashed, Record},
        verification::{ExcerptCheck, Extent, Finding, Seals},
    },
    files,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use service_runtime::{BoxError, ids::UserId};
use tokio::task::spawn_blocking;

use crate::bench::old::report::{Bound, Line, Measure, Page};
use taskmesh::audit::verify::{self, checkpoints};

/// Shorter chains have no room for what is done to them.
const SHORTEST: usize = 10;
const WHOLE: Extent = Extent {
    whole: true,
    up_to: i64::MAX,
};

/// The chain of a user, as it was exported, and what the checkpoints say of it.
struct Chain {
    user_id: UserId,
    lines: Vec<Vec<u8>>,
    records: Vec<Hashed>,
    /// The places up to the last one that is sealed; what is younger can be taken away unseen where the service is not asked.
    sealed: usize,
    seals: Seals,
}

/// Tampers with exported records again and again, each time from a seed, and counts what is not found or not located.
pub async fn measure(
    exported: verify::Arguments,
    tamperings: u64,
    page: &mut Page,
) -> Result<(), BoxError> {
    let missed = spawn_blocking(move || {
        let chains = read(&exported)?;
        Ok::<_, BoxError>(count_missed(&chains, tamperings))
    })
    .await??;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let missed = missed as f64;
    page.add(
        Line::of_value(
            format!("of {tamperings} tamperings, not found or not located"),
            missed,
            "",
        )
        .goal(Measure::Value, Bound::AtMost(0.0)),
    );
    Ok(())
}

fn read(exported: &verify::Arguments) -> Result<Vec<Chain>, BoxError> {
    let keys = checkpoints::read_keys(&exported.public_keys)?;
    let mut seals = checkpoints::check(&exported.checkpoints, &keys, None)?.seals;
    let mut users: BTreeMap<UserId, (Vec<Vec<u8>>, Vec<Hashed>)> = BTreeMap::new();
    for path in &exported.records {
        for line in fs::read(path)?.split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let record = files::from_json(line)?;
            let (lines, records) = users.entry(record.entry.user_id.clone()).or_default();
            lines.push(line.to_vec());
            records.push(record.into());
        }
    }
    let chains = users.into_iter().map(|(user_id, (lines, records))| {
        let ends = seals.take(&user_id);
        let last = ends.iter().map(|end| end.sequence).max().unwrap_or(0);
        Ok(Chain {
            sealed: usize::try_from(last)?,
            seals: Seals::of_chain(user_id.clone(), ends),
            user_id,
            lines,
            records,
        })
    });
    let chains: Vec<Chain> = chains.collect::<Result<_, BoxError>>()?;
    let long = |chain: &Chain| chain.sealed >= SHORTEST;
    let chains: Vec<Chain> = chains.into_iter().filter(long).collect();
    match chains.is_empty() {
        true => Err("no chain is long enough to be tampered with".into()),
        false => Ok(chains),
    }
}

fn count_missed(chains: &[Chain], tamperings: u64) -> u64 {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let next = AtomicU64::new(0);
    let missed = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= tamperings {
                        break;
                    }
                    if let Err(told) = try_seed(chains, seed) {
                        eprintln!("seed {seed}: {told}");
                        missed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    missed.into_inner()
}

/// Tampers with one chain; fails if a place that was tampered with is in no finding.
fn try_seed(chains: &[Chain], seed: u64) -> Result<(), String> {
    let mut dice = StdRng::seed_from_u64(seed);
    let chain = &chains[dice.random_range(0..chains.len())];
    let (what, records, places) = tamper(chain, &mut dice);
    let mut check = ExcerptCheck::new(chain.seals.clone(), WHOLE);
    records.into_iter().for_each(|record| check.push(record));
    let findings = check.finish().findings;
    let is_located = |place: &i64| {
        let covers = |finding: &Finding| {
            finding.user_id.as_ref() == Some(&chain.user_id)
                && (finding.first..=finding.last).contains(place)
        };
        findings.iter().any(covers)
    };
    match places.iter().find(|place| !is_located(place)) {
        Some(place) => Err(format!("{what} {place} of {}: {findings:?}", chain.user_id)),
        None => Ok(()),
    }
}

/// Does something to a copy of the chain; returns what, the records as they are then, and the places where something is wrong.
fn tamper(chain: &Chain, dice: &mut StdRng) -> (&'static str, Vec<Hashed>, BTreeSet<i64>) {
    let mut records = chain.records.clone();
    let place = dice.random_range(0..chain.sealed);
    let number = |place: usize| i64::try_from(place).unwrap_or(i64::MAX) + 1;
    let mut wrong = BTreeSet::from([number(place)]);
    let what = match dice.random_range(0..6) {
        0 => {
            let mut line = chain.lines[place].clone();
            let byte = dice.random_range(0..line.len());
            line[byte] = line[byte].wrapping_add(dice.random_range(1..=u8::MAX));
            // What does not read as records is told by its line, and missing in the chain.
            let parts = line.split(|byte| *byte == b'\n');
            let read = parts.filter_map(|part| files::from_json(part).ok());
            records.splice(place..=place, read.map(Hashed::from));
            "a byte changed in"
        }
        1 => {
            records.remove(place);
            "deleted"
        }
        2 => {
            let other = (place + dice.random_range(1..chain.sealed)) % chain.sealed;
            let (mut one, mut two) = (
                chain.records[place].record.clone(),
                chain.records[other].record.clone(),
            );
            std::mem::swap(&mut one.sequence, &mut two.sequence);
            (records[place], records[other]) = (two.into(), one.into());
            wrong.insert(number(other));
            "swapped"
        }
        3 => {
            let planted = forged(&chain.records[place].record, dice);
            records.insert(place + 1, planted.into());
            "inserted at"
        }
        4 => {
            records.truncate(place);
            "cut off from"
        }
        _ => {
            let mut previous = None;
            for hashed in &mut records[place..] {
                let mut record = hashed.record.clone();
                match previous {
                    None => record = forged(&record, dice),
                    Some(hash) => {
                        record.previous_hash = hash;
                        record.hash = record.computed_hash();
                    }
                }
                previous = Some(record.hash);
                *hashed = record.into();
            }
            "chained anew from"
        }
    };
    (what, records, wrong)
}

/// Returns another record for the same place that fits its hash.
fn forged(record: &Record, dice: &mut StdRng) -> Record {
    let mut forged = record.clone();
    forged.entry.actor.ip_address = format!("198.51.100.{}", dice.random_range(0..=255));
    forged.entry.version += dice.random_range(1..1_000);
    forged.hash = forged.computed_hash();
    forged
}
