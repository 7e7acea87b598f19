use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{
    evidence::{Arrival, Change, Effect, Evidence},
    violation::Violation,
};

/// Returns every promise that was broken, in an order that depends on the evidence only.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = events(&evidence.changes, &evidence.arrivals);
    violations.extend(inversions(&evidence.arrivals));
    violations.extend(effects(&evidence.due, &evidence.effects));
    violations
}

/// Compares what was committed with what was told.
fn events(changes: &[Change], arrivals: &[Arrival]) -> Vec<Violation> {
    let mut told: BTreeMap<&Change, BTreeSet<Uuid>> = BTreeMap::new();
    for arrival in arrivals {
        told.entry(&arrival.change)
            .or_default()
            .insert(arrival.event_id);
    }
    let committed: BTreeSet<&Change> = changes.iter().collect();
    let lost = committed
        .iter()
        .filter(|change| !told.contains_key(**change))
        .map(|change| Violation::LostEvent((*change).clone()));
    let wrong = told.iter().filter_map(|(change, ids)| {
        if !committed.contains(*change) {
            Some(Violation::Unfounded((*change).clone()))
        } else if ids.len() > 1 {
            Some(Violation::DoubledEvent((*change).clone(), ids.len()))
        } else {
            None
        }
    });
    lost.chain(wrong).collect()
}

/// Looks at the first arrival of each event: what is delivered again may come at any time, for consumers drop it.
fn inversions(arrivals: &[Arrival]) -> Vec<Violation> {
    let mut seen: HashSet<(&'static str, Uuid)> = HashSet::new();
    let mut newest: HashMap<(&'static str, &str), i64> = HashMap::new();
    let mut violations = Vec::new();
    for Arrival { change, event_id } in arrivals {
        if !seen.insert((change.topic, *event_id)) {
            continue;
        }
        let newest = newest
            .entry((change.topic, &change.subject))
            .or_insert(change.version);
        if change.version < *newest {
            violations.push(Violation::Inverted {
                late: change.clone(),
                after: *newest,
            });
        }
        *newest = change.version.max(*newest);
    }
    violations
}

/// Compares what should have come about with what has.
fn effects(due: &[Effect], found: &[Effect]) -> Vec<Violation> {
    let mut counts: BTreeMap<&Effect, usize> = BTreeMap::new();
    for effect in found {
        *counts.entry(effect).or_default() += 1;
    }
    let due: BTreeSet<&Effect> = due.iter().collect();
    let lost = due
        .iter()
        .filter(|effect| !counts.contains_key(**effect))
        .map(|effect| Violation::LostEffect((*effect).clone()));
    let doubled = counts
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|(effect, count)| Violation::DoubledEffect((*effect).clone(), *count));
    lost.chain(doubled).collect()
}
