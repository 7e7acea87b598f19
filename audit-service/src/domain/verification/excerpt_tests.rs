use openssl::pkey::PKey;
use rand::{SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::{
    tests::{Chain, chain, located, sealed_end, tamper},
    *,
};
use crate::domain::{
    checkpoint::{Leaf, Seal, root_of},
    hash::Hash,
    record::Record,
    signing::{SigningKey, VerifyingKey},
};

const EVERYTHING: Extent = Extent {
    whole: true,
    up_to: i64::MAX,
};
const SOME: Extent = Extent {
    whole: false,
    up_to: i64::MAX,
};

fn key() -> SigningKey {
    let pem = PKey::generate_ed25519().unwrap();
    SigningKey::from_pem(&pem.private_key_to_pem_pkcs8().unwrap()).unwrap()
}

fn leaves(chain: &Chain) -> Vec<Leaf> {
    let leaf = |end: &SealedEnd| Leaf {
        user_id: chain.records[0].entry.user_id.clone(),
        month: end.month,
        sequence: end.sequence,
        hash: end.hash,
    };
    chain.sealed.iter().map(leaf).collect()
}

/// Seals each leaf in a checkpoint of its own.
fn examined(key: &SigningKey, leaves: Vec<Leaf>) -> Vec<Examined> {
    let keys = [key.public().unwrap()];
    let mut previous_hash = Hash::ZERO;
    let mut checkpoints = Vec::new();
    for (number, leaf) in (1..).zip(leaves) {
        let mut leaves = vec![leaf];
        let seal = Seal {
            event_id: Uuid::from_u128(1),
            event_time: chrono::DateTime::from_timestamp(1_764_576_000, 0).unwrap(),
            number,
            previous_hash,
            root_hash: root_of(&mut leaves),
            leaf_count: 1,
            record_count: leaves[0].sequence,
            kept_from: None,
            key_id: key.id().to_owned(),
        };
        previous_hash = seal.hash();
        checkpoints.push(Examined::new(&keys, key.sign(seal).unwrap(), leaves));
    }
    checkpoints
}

fn seals(chain: &Chain) -> Seals {
    let mut seals = Seals::default();
    let checkpoints = examined(&key(), leaves(chain)).into_iter();
    checkpoints.for_each(|examined| seals.add(examined));
    seals
}

fn check(chain: &Chain, extent: Extent, records: &[Record]) -> Checked {
    let mut check = ExcerptCheck::new(seals(chain), extent);
    let records = records.iter().cloned().map(Into::into);
    records.for_each(|record| check.push(record));
    check.finish()
}

/// A chain of many records, of which the last is sealed.
fn long_chain(seed: u64) -> Chain {
    let mut dice = StdRng::seed_from_u64(seed);
    loop {
        let mut chain = chain(&mut dice);
        if chain.records.len() > 20 {
            let checkpoint = i64::try_from(chain.sealed.len()).unwrap() + 1;
            let last = sealed_end(&chain.head, checkpoint);
            chain.sealed.retain(|end| end.sequence < last.sequence);
            chain.sealed.push(last);
            return chain;
        }
    }
}

#[test]
fn part_of_intact_chain_is_intact() {
    let chain = long_chain(1);
    for first in 0..chain.records.len() {
        let checked = check(&chain, SOME, &chain.records[first..]);
        assert_eq!(checked.findings, [], "from {first} on");
        assert_eq!(checked.before, i64::try_from(first).unwrap());
    }
    let nothing = check(&chain, SOME, &[]);
    assert_eq!((nothing.absent, nothing.findings), (1, Vec::new()));
}

#[test]
fn seal_before_excerpt_confirms_first_record() {
    let chain = long_chain(2);
    let sealed = chain.sealed[0].sequence;
    let mut rest = chain.records[usize::try_from(sealed).unwrap()..].to_vec();
    rest[0].previous_hash = Hash::ZERO;
    rest[0].hash = rest[0].computed_hash();
    let findings = check(&chain, SOME, &rest).findings;
    let located = findings.iter().any(|found| {
        found.kind == FindingKind::Rewritten && (found.first..=found.last).contains(&(sealed + 1))
    });
    assert!(located, "{findings:?}");
}

#[test]
fn of_whole_chains_nothing_may_be_left_out() {
    let chain = long_chain(3);
    let last = chain.head.sequence;
    let without_beginning = check(&chain, EVERYTHING, &chain.records[2..]);
    assert_eq!(
        located(&without_beginning.findings),
        [(FindingKind::Removed, 1, 2)]
    );
    let without_all = check(&chain, EVERYTHING, &[]);
    assert_eq!(
        located(&without_all.findings),
        [(FindingKind::CutOff, 1, last)]
    );
}

#[test]
fn omitted_end_of_excerpt_is_no_finding() {
    let chain = long_chain(4);
    let last = chain.head.sequence;
    let (confirmed, checkpoint) = (chain.sealed[0].sequence, chain.sealed[0].checkpoint);
    let records = &chain.records[..usize::try_from(confirmed).unwrap()];
    let extent = Extent {
        up_to: checkpoint,
        ..SOME
    };
    assert_eq!(check(&chain, extent, records).findings, []);
    assert_eq!(
        located(&check(&chain, SOME, records).findings),
        [(FindingKind::CutOff, confirmed + 1, last)]
    );
    let too_few = &records[..records.len() - 1];
    assert_eq!(
        located(&check(&chain, extent, too_few).findings),
        [(FindingKind::CutOff, confirmed, confirmed)]
    );
}

#[test]
fn tampered_first_record_does_not_move_chain_start() {
    let chain = long_chain(5);
    let mut records = chain.records.clone();
    records[0].sequence = 1_000_000;
    let checked = check(&chain, EVERYTHING, &records);
    assert_eq!(
        located(&checked.findings),
        [
            (FindingKind::Moved, 1_000_000, 1_000_000),
            (FindingKind::Removed, 1, 1)
        ]
    );
}

#[test]
fn tampering_is_found_without_head() {
    for seed in 0..500 {
        // Other dice, which would draw the same entries again.
        let mut dice = StdRng::seed_from_u64(seed + 1_000_000);
        let chain = long_chain(seed);
        let (records, places, what) = tamper(&chain, &mut dice);
        let findings = check(&chain, EVERYTHING, &records).findings;
        for place in places {
            let located = findings
                .iter()
                .any(|finding| (finding.first..=finding.last).contains(&place));
            assert!(located, "seed {seed}: {what} {place}: {findings:?}");
        }
    }
}

#[test]
fn checkpoints_of_known_keys_are_genuine() {
    let chain = long_chain(6);
    let former = key();
    let keys: Vec<VerifyingKey> = [key(), former.clone()]
        .iter()
        .map(|key| key.public().unwrap())
        .collect();
    let told = |checkpoints: Vec<Examined>| {
        let mut check = CheckpointCheck::new();
        for examined in checkpoints {
            check.push(&Examined::new(&keys, examined.checkpoint, examined.leaves));
        }
        check.finish().len()
    };
    assert_eq!(told(examined(&former, leaves(&chain))), 0);
    let strangers = examined(&key(), leaves(&chain));
    assert_eq!(told(strangers), chain.sealed.len());
}

#[test]
fn missing_or_changed_checkpoint_is_reported() {
    let chain = long_chain(7);
    assert!(chain.sealed.len() > 2);
    let key = key();
    let mut checkpoints = examined(&key, leaves(&chain));
    checkpoints.remove(1);
    let mut check = CheckpointCheck::new();
    checkpoints.iter().for_each(|examined| check.push(examined));
    let numbers: Vec<i64> = check
        .finish()
        .iter()
        .map(|found| found.checkpoint)
        .collect();
    assert_eq!(numbers, [2]);

    let mut forged = examined(&key, leaves(&chain));
    forged[1].checkpoint.seal.number = i64::MAX;
    let forged = Examined::new(
        &[key.public().unwrap()],
        forged[1].checkpoint.clone(),
        forged[1].leaves.clone(),
    );
    let mut check = CheckpointCheck::new();
    check.push(&forged);
    let genuine = examined(&key, leaves(&chain));
    genuine.iter().for_each(|examined| check.push(examined));
    let numbers: Vec<i64> = check
        .finish()
        .iter()
        .map(|found| found.checkpoint)
        .collect();
    assert_eq!(numbers, [i64::MAX]);

    let mut changed = leaves(&chain);
    changed[0].sequence += 1;
    let keys = [key.public().unwrap()];
    let first = examined(&key, leaves(&chain)).remove(0).checkpoint;
    assert!(!Examined::new(&keys, first, changed[..1].to_vec()).is_genuine());
}
