use std::{
    collections::BTreeMap,
    fs,
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread::{self, available_parallelism},
};

use audit_service::{
    domain::{
        record::{Hashed, Record},
        verification::{ExcerptCheck, Extent, Seals},
    },
    files,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use service_runtime::{BoxError, ids::UserId};
use taskmesh::audit::verify::{self, checkpoints};
use tokio::task::spawn_blocking;

use crate::bench::report::{Report, Row, step};

/// Minimum number of records of a chain that are covered by checkpoints.
const MIN_LENGTH: usize = 10;
const WHOLE: Extent = Extent {
    whole: true,
    up_to: i64::MAX,
};

/// Exported chain of a user with its checkpoints.
struct Chain {
    user_id: UserId,
    lines: Vec<Vec<u8>>,
    records: Vec<Hashed>,
    /// Number of records that checkpoints cover; offline, nothing reveals that later ones were cut off.
    covered: usize,
    seals: Seals,
}

/// Tampers with exported records, each time with another seed, and counts the changes that verification does not locate.
pub async fn measure(
    exported: verify::Arguments,
    tamperings: u64,
    report: &mut Report,
) -> Result<(), BoxError> {
    step(format!("tampers with records {tamperings} times"));
    let missed = spawn_blocking(move || {
        let chains = read(&exported)?;
        Ok::<_, BoxError>(count_missed(&chains, tamperings))
    });
    let name = format!("tamperings not located, of {tamperings}");
    report.add(Row::none(name, missed.await??));
    Ok(())
}

fn read(exported: &verify::Arguments) -> Result<Vec<Chain>, BoxError> {
    let keys = checkpoints::read_keys(&exported.public_keys)?;
    let mut seals = checkpoints::check(&exported.checkpoints, &keys, None)?.seals;
    let mut users: BTreeMap<UserId, (Vec<Vec<u8>>, Vec<Hashed>)> = BTreeMap::new();
    for path in &exported.records {
        let content = fs::read(path)?;
        for line in content
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let record = files::from_json(line)?;
            let (lines, records) = users.entry(record.entry.user_id.clone()).or_default();
            lines.push(line.to_vec());
            records.push(record.into());
        }
    }
    let mut chains = Vec::new();
    for (user_id, (lines, records)) in users {
        let ends = seals.take(&user_id);
        let covered = ends.iter().map(|end| end.sequence).max().unwrap_or(0);
        let covered = usize::try_from(covered)?;
        if covered >= MIN_LENGTH {
            let seals = Seals::of_chain(user_id.clone(), ends);
            chains.push(Chain {
                user_id,
                lines,
                records,
                covered,
                seals,
            });
        }
    }
    match chains.is_empty() {
        true => Err(format!("no chain has {MIN_LENGTH} records that checkpoints cover").into()),
        false => Ok(chains),
    }
}

fn count_missed(chains: &[Chain], tamperings: u64) -> u64 {
    let (next, missed) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                let seeds = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                for seed in seeds.take_while(|seed| *seed < tamperings) {
                    if let Err(error) = tamper_and_check(chains, seed) {
                        eprintln!("  seed {seed}: {error}");
                        missed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    missed.into_inner()
}

/// Tampers with one chain; fails if a changed position is in no finding.
fn tamper_and_check(chains: &[Chain], seed: u64) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let chain = &chains[rng.random_range(0..chains.len())];
    let (kind, records, positions) = tamper(chain, &mut rng);
    let mut check = ExcerptCheck::new(chain.seals.clone(), WHOLE);
    records.into_iter().for_each(|record| check.push(record));
    let findings = check.finish().findings;
    for position in positions {
        // The first record of a chain is number 1.
        let sequence = i64::try_from(position).unwrap_or(i64::MAX - 1) + 1;
        let is_located = findings.iter().any(|finding| {
            finding.user_id.as_ref() == Some(&chain.user_id)
                && (finding.first..=finding.last).contains(&sequence)
        });
        if !is_located {
            return Err(format!(
                "{kind} {sequence} of {}: {findings:?}",
                chain.user_id
            ));
        }
    }
    Ok(())
}

/// Changes a copy of the chain; returns the kind of change, the records, and the changed positions.
fn tamper(chain: &Chain, rng: &mut StdRng) -> (&'static str, Vec<Hashed>, Vec<usize>) {
    let mut records = chain.records.clone();
    let at = rng.random_range(0..chain.covered);
    let mut positions = vec![at];
    let kind = match rng.random_range(0..6) {
        0 => {
            let mut line = chain.lines[at].clone();
            let byte = rng.random_range(0..line.len());
            line[byte] = line[byte].wrapping_add(rng.random_range(1..=u8::MAX));
            // A line that is no record is missing in the chain.
            let lines = line.split(|byte| *byte == b'\n');
            let read = lines.filter_map(|line| files::from_json(line).ok());
            records.splice(at..=at, read.map(Hashed::from));
            "changed byte in"
        }
        1 => {
            records.remove(at);
            "deleted"
        }
        2 => {
            let other = (at + rng.random_range(1..chain.covered)) % chain.covered;
            let record = |position: usize| chain.records[position].record.clone();
            let (mut one, mut two) = (record(at), record(other));
            std::mem::swap(&mut one.sequence, &mut two.sequence);
            (records[at], records[other]) = (two.into(), one.into());
            positions.push(other);
            "swapped"
        }
        3 => {
            let inserted = forge(&chain.records[at].record, rng);
            records.insert(at + 1, inserted.into());
            "inserted at"
        }
        4 => {
            records.truncate(at);
            "cut off from"
        }
        _ => {
            let mut forged = forge(&chain.records[at].record, rng);
            for hashed in &mut records[at..] {
                if hashed.record.sequence > forged.sequence {
                    let previous_hash = forged.hash;
                    forged = hashed.record.clone();
                    forged.previous_hash = previous_hash;
                    forged.hash = forged.computed_hash();
                }
                *hashed = forged.clone().into();
            }
            "chained again from"
        }
    };
    (kind, records, positions)
}

/// Returns another record for the same position, with the right hash.
fn forge(record: &Record, rng: &mut StdRng) -> Record {
    let mut forged = record.clone();
    forged.entry.actor.ip_address = format!("198.51.100.{}", rng.random_range(0..=255));
    forged.entry.version += rng.random_range(1..1_000);
    forged.hash = forged.computed_hash();
    forged
}
