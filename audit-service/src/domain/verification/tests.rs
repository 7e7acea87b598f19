use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use service_runtime::ids::UserId;
use uuid::Uuid;

use super::*;
use crate::domain::{
    chain::Head,
    hash::Hash,
    record::{Actor, Entry, FieldChange, Record},
};

const TAMPERINGS: u64 = 10_000;

fn user() -> UserId {
    "alice".parse().unwrap()
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_764_576_000, 0).unwrap()
}

fn entry(dice: &mut StdRng) -> Entry {
    Entry {
        id: Uuid::from_u128(dice.random()),
        user_id: user(),
        action: "task.updated".to_owned(),
        event_type: "taskmesh.task.v1.TaskUpdated".to_owned(),
        event_time: start(),
        task_id: Some(Uuid::from_u128(dice.random())),
        reminder_id: None,
        version: dice.random_range(1..100),
        actor: Actor {
            user_id: "alice".to_owned(),
            ip_address: "192.0.2.1".to_owned(),
            ..Actor::default()
        },
        changes: vec![FieldChange {
            field: "title".to_owned(),
            before: String::new(),
            after: format!("\"{}\"", dice.random::<u64>()),
        }],
        operation_id: String::new(),
        trace_id: String::new(),
    }
}

/// Rewrites the chain from here on with valid hashes.
fn chain_anew(records: &mut [Record], from: usize) {
    for place in from..records.len() {
        if place > 0 {
            records[place].previous_hash = records[place - 1].hash;
        }
        records[place].hash = records[place].computed_hash();
    }
}

/// A chain, what is sealed of it, and its head.
pub(super) struct Chain {
    pub(super) records: Vec<Record>,
    pub(super) sealed: Vec<SealedEnd>,
    pub(super) head: Head,
}

/// Returns the sealed end of a chain with this head.
pub(super) fn sealed_end(head: &Head, checkpoint: i64) -> SealedEnd {
    SealedEnd {
        sequence: head.sequence,
        month: NaiveDate::from_ymd_opt(2025, 12, 1).unwrap(),
        hash: head.hash,
        checkpoint,
    }
}

pub(super) fn chain(dice: &mut StdRng) -> Chain {
    let mut head = Head::EMPTY;
    let mut sealed = Vec::new();
    let mut records = Vec::new();
    for number in 0..dice.random_range(1..60) {
        let now = start() + TimeDelta::seconds(number);
        records.push(head.append(entry(dice), now));
        if dice.random_bool(0.2) {
            let checkpoint = i64::try_from(sealed.len()).unwrap() + 1;
            sealed.push(sealed_end(&head, checkpoint));
        }
    }
    Chain {
        records,
        sealed,
        head,
    }
}

fn check(chain: &Chain, records: Vec<Record>) -> Vec<Finding> {
    let mut check = ChainCheck::new(user(), 1, Some(Hash::ZERO), chain.sealed.iter().copied());
    let mut records = records;
    records.sort_by_key(|record| record.sequence);
    records.into_iter().for_each(|record| check.push(record));
    check.finish(Some(&chain.head))
}

/// Returns the kind, the first and the last position of each finding.
pub(super) fn located(findings: &[Finding]) -> Vec<(FindingKind, i64, i64)> {
    findings
        .iter()
        .map(|found| (found.kind, found.first, found.last))
        .collect()
}

/// Changes one thing in a record without touching its hashes, or one bit of a hash.
fn change(record: &mut Record, dice: &mut StdRng) {
    match dice.random_range(0..9) {
        0 => record.entry.action.push('x'),
        1 => record.entry.version += 1,
        2 => record.entry.actor.ip_address = "192.0.2.2".to_owned(),
        3 => record.entry.changes[0].after.push(' '),
        4 => record.entry.changes.clear(),
        5 => record.entry.event_time += TimeDelta::microseconds(1),
        6 => record.record_time -= TimeDelta::microseconds(1),
        7 => record.entry.task_id = None,
        _ => {
            let mut bytes: Vec<u8> = record.hash.as_bytes().to_vec();
            let byte = dice.random_range(0..bytes.len());
            bytes[byte] ^= 1 << dice.random_range(0..8);
            record.hash = bytes.as_slice().try_into().unwrap();
        }
    }
}

/// Does something to the records, and returns the places that a finding must name.
pub(super) fn tamper(
    chain: &Chain,
    dice: &mut StdRng,
) -> (Vec<Record>, BTreeSet<i64>, &'static str) {
    let mut records = chain.records.clone();
    let places: Vec<usize> = (0..records.len()).collect();
    let place = *places.choose(dice).unwrap();
    let number = |place: usize| i64::try_from(place).unwrap() + 1;
    match dice.random_range(0..6) {
        0 => {
            change(&mut records[place], dice);
            (records, [number(place)].into(), "changed")
        }
        1 => {
            records.remove(place);
            (records, [number(place)].into(), "removed")
        }
        2 if records.len() > 1 => {
            let other = (place + dice.random_range(1..records.len())) % records.len();
            let sequences = (records[place].sequence, records[other].sequence);
            (records[other].sequence, records[place].sequence) = sequences;
            (records, [number(place), number(other)].into(), "swapped")
        }
        3 => {
            let mut planted = records[place].clone();
            planted.entry = entry(dice);
            planted.hash = planted.computed_hash();
            records.push(planted);
            (records, [number(place)].into(), "inserted")
        }
        4 => {
            records.truncate(place);
            (records, [number(place)].into(), "cut off")
        }
        _ => {
            records[place].entry = entry(dice);
            chain_anew(&mut records, place);
            (records, [number(place)].into(), "written anew")
        }
    }
}

#[test]
fn what_nobody_has_touched_is_intact() {
    for seed in 0..500 {
        let chain = chain(&mut StdRng::seed_from_u64(seed));
        assert_eq!(check(&chain, chain.records.clone()), []);
    }
}

#[test]
fn every_tampering_is_found_and_located() {
    for seed in 0..TAMPERINGS {
        let mut dice = StdRng::seed_from_u64(seed);
        let chain = chain(&mut dice);
        let (records, places, what) = tamper(&chain, &mut dice);
        let findings = check(&chain, records);
        for place in places {
            let located = findings
                .iter()
                .any(|finding| (finding.first..=finding.last).contains(&place));
            assert!(located, "seed {seed}: {what} {place}: {findings:?}");
        }
    }
}

#[test]
fn a_single_record_is_located_exactly() {
    for seed in 0..2_000 {
        let mut dice = StdRng::seed_from_u64(seed);
        let chain = chain(&mut dice);
        let place = dice.random_range(0..chain.records.len());
        let sequence = chain.records[place].sequence;

        let mut changed = chain.records.clone();
        changed[place].entry.action.push('x');
        let told = located(&check(&chain, changed));
        assert_eq!(
            told,
            [(FindingKind::Changed, sequence, sequence)],
            "seed {seed}"
        );

        let mut removed = chain.records.clone();
        removed.remove(place);
        let kind = match place + 1 == chain.records.len() {
            true => FindingKind::CutOff,
            false => FindingKind::Removed,
        };
        let told = located(&check(&chain, removed));
        assert_eq!(told, [(kind, sequence, sequence)], "seed {seed}");
    }
}

#[test]
fn swapped_records_are_reported_as_moved() {
    let mut dice = StdRng::seed_from_u64(7);
    let mut chain = chain(&mut dice);
    while chain.records.len() < 10 {
        chain = super::tests::chain(&mut dice);
    }
    let mut records = chain.records.clone();
    (records[2].sequence, records[6].sequence) = (7, 3);
    let found = check(&chain, records);
    let told: Vec<_> = found
        .iter()
        .filter(|found| found.kind == FindingKind::Moved)
        .map(|found| found.first)
        .collect();
    assert_eq!(told, [3, 7], "{found:?}");
}

#[test]
fn rewritten_chain_contradicts_its_seals() {
    for seed in 0..2_000 {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut chain = chain(&mut dice);
        let Some(sealed) = chain.sealed.last().map(|end| end.sequence) else {
            continue;
        };
        let place = dice.random_range(0..usize::try_from(sealed).unwrap());
        let mut records = chain.records.clone();
        records[place].entry = entry(&mut dice);
        chain_anew(&mut records, place);
        chain.head.hash = records.last().unwrap().hash;
        let sequence = records[place].sequence;
        let found = check(&chain, records);
        let located = found.iter().any(|finding| {
            finding.kind == FindingKind::Rewritten
                && finding.checkpoint > 0
                && (finding.first..=finding.last).contains(&sequence)
        });
        assert!(located, "seed {seed}: {sequence}: {found:?}");
    }
}

#[test]
fn dropped_records_are_not_missing() {
    let mut dice = StdRng::seed_from_u64(3);
    let chain = chain(&mut dice);
    let dropped = 3.min(chain.records.len() - 1);
    let last = &chain.records[dropped - 1];
    let verify = |from: usize| {
        let mut check = ChainCheck::new(
            user(),
            last.sequence + 1,
            Some(last.hash),
            chain.sealed.iter().copied(),
        );
        chain.records[from..]
            .iter()
            .cloned()
            .for_each(|record| check.push(record));
        check.finish(Some(&chain.head))
    };
    assert_eq!(verify(dropped), []);
    let missed = verify(dropped + 1);
    assert_eq!(
        missed.first().map(|found| found.first),
        Some(last.sequence + 1)
    );
}

#[test]
fn number_of_findings_is_limited() {
    let mut dice = StdRng::seed_from_u64(5);
    let mut head = Head::EMPTY;
    let mut check = ChainCheck::new(user(), 1, Some(Hash::ZERO), []);
    for _ in 0..5_000 {
        let mut record = head.append(entry(&mut dice), start());
        record.entry.version += 1;
        check.push(record);
    }
    assert_eq!(check.finish(Some(&head)).len(), 1_000);
}
