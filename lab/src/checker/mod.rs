//! Consistency checker: compares the committed changes of a mesh with its events and effects, and reports every broken promise.
//!
//! It only compares lists; a run collects them from a mesh, a test makes them up.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use serde::Serialize;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// Version of an entity, as one topic reports it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    pub topic: &'static str,
    /// Id of the entity; its events share a key and so have one order.
    pub subject: String,
    pub version: i64,
}

impl Change {
    pub fn new(topic: &'static str, subject: impl Into<String>, version: i64) -> Self {
        let subject = subject.into();
        Self {
            topic,
            subject,
            version,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} version {}",
            self.topic, self.subject, self.version
        )
    }
}

/// Record of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub change: Change,
    /// Id of the event, the same in every delivery.
    pub event_id: Uuid,
}

/// Consequence of a change that must come about exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Effect {
    /// Name of the consequence, such as `next occurrence`.
    pub kind: &'static str,
    /// Cause, unique among the effects of the kind.
    pub cause: String,
}

impl Effect {
    pub fn new(kind: &'static str, cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self { kind, cause }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.kind, self.cause)
    }
}

/// State that a run has left behind.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Changes that were committed or answered; each needs an event.
    pub changes: Vec<Change>,
    /// Records of all topics, in order within a partition.
    pub arrivals: Vec<Arrival>,
    /// Effects that must exist.
    pub due: Vec<Effect>,
    /// Effects that exist, each as often as it came about.
    pub effects: Vec<Effect>,
}

/// Broken promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("lost: no event of {0}")]
    LostEvent(Change),
    #[error("lost: no {0}")]
    LostEffect(Effect),
    /// Several events of one change; redeliveries of one event are none.
    #[error("doubled: {1} events of {0}")]
    DoubledEvent(Change, usize),
    #[error("doubled: {1} times {0}")]
    DoubledEffect(Effect, usize),
    /// Event that first arrived after an event of a later version.
    #[error("inverted: {late} arrived after version {after}")]
    Inverted { late: Change, after: i64 },
    #[error("unfounded: an event of {0}, which was never committed")]
    Unfounded(Change),
}

/// Number of violations by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub lost: usize,
    pub doubled: usize,
    pub inverted: usize,
    pub unfounded: usize,
}

impl Tally {
    pub fn of(violations: &[Violation]) -> Self {
        let mut tally = Self::default();
        for violation in violations {
            *match violation {
                Violation::LostEvent(_) | Violation::LostEffect(_) => &mut tally.lost,
                Violation::DoubledEvent(..) | Violation::DoubledEffect(..) => &mut tally.doubled,
                Violation::Inverted { .. } => &mut tally.inverted,
                Violation::Unfounded(_) => &mut tally.unfounded,
            } += 1;
        }
        tally
    }
}

/// Returns every violation, in an order that depends on the evidence only.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = check_events(&evidence.changes, &evidence.arrivals);
    violations.extend(check_order(&evidence.arrivals));
    violations.extend(check_effects(&evidence.due, &evidence.effects));
    violations
}

fn check_events(changes: &[Change], arrivals: &[Arrival]) -> Vec<Violation> {
    let mut events: BTreeMap<&Change, BTreeSet<Uuid>> = BTreeMap::new();
    for Arrival { change, event_id } in arrivals {
        events.entry(change).or_default().insert(*event_id);
    }
    let committed: BTreeSet<&Change> = changes.iter().collect();
    let lost = committed
        .iter()
        .filter(|change| !events.contains_key(**change))
        .map(|change| Violation::LostEvent((*change).clone()));
    let wrong = events.iter().filter_map(|(change, ids)| {
        if !committed.contains(*change) {
            return Some(Violation::Unfounded((*change).clone()));
        }
        (ids.len() > 1).then(|| Violation::DoubledEvent((*change).clone(), ids.len()))
    });
    lost.chain(wrong).collect()
}

/// Compares the first arrivals of the events: redeliveries may come at any time, because consumers drop them.
fn check_order(arrivals: &[Arrival]) -> Vec<Violation> {
    let mut seen = HashSet::new();
    let mut newest: HashMap<(&str, &str), i64> = HashMap::new();
    let mut violations = Vec::new();
    for Arrival { change, event_id } in arrivals {
        if !seen.insert((change.topic, *event_id)) {
            continue;
        }
        let newest = newest
            .entry((change.topic, &change.subject))
            .or_insert(change.version);
        if change.version < *newest {
            let (late, after) = (change.clone(), *newest);
            violations.push(Violation::Inverted { late, after });
        }
        *newest = change.version.max(*newest);
    }
    violations
}

fn check_effects(due: &[Effect], effects: &[Effect]) -> Vec<Violation> {
    let mut counts: BTreeMap<&Effect, usize> = BTreeMap::new();
    for effect in effects {
        *counts.entry(effect).or_default() += 1;
    }
    let due: BTreeSet<&Effect> = due.iter().collect();
    let lost = due
        .into_iter()
        .filter(|effect| !counts.contains_key(effect))
        .map(|effect| Violation::LostEffect(effect.clone()));
    let doubled = counts
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|(effect, count)| Violation::DoubledEffect((*effect).clone(), *count));
    lost.chain(doubled).collect()
}
