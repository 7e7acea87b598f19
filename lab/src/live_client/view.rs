use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
};

use uuid::Uuid;

use super::message::Task;
use crate::checker::{Arrival, Change, Effect, Evidence};

/// Name of the feed in the evidence.
const FEED: &str = "/v1/live";

/// Tasks that one client shows, and every change that it received.
#[derive(Debug)]
pub struct View {
    name: String,
    /// One for each snapshot.
    sessions: Vec<Session>,
}

/// Final state of a task, as the database or a list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    pub version: i64,
    pub title: String,
    pub is_deleted: bool,
}

/// Snapshot and the changes received since.
#[derive(Debug, Default)]
struct Session {
    /// Versions in the snapshot.
    base: HashMap<String, i64>,
    shown: BTreeMap<String, (i64, String)>,
    /// Task and version of each change, in order of arrival.
    changes: Vec<(String, i64)>,
}

impl View {
    pub fn new(name: String) -> Self {
        Self {
            name,
            sessions: Vec::new(),
        }
    }

    /// Clears the tasks, because a snapshot follows.
    pub fn reset(&mut self) {
        self.sessions.push(Session::default());
    }

    pub fn add_snapshot(&mut self, tasks: Vec<Task>) {
        for task in tasks {
            let session = self.session();
            session.base.insert(task.id.clone(), task.version);
            session.show(task);
        }
    }

    pub fn change(&mut self, task: Task) {
        let session = self.session();
        session.changes.push((task.id.clone(), task.version));
        session.show(task);
    }

    /// Returns whether the view shows exactly these tasks, the deleted ones excepted.
    pub fn shows(&self, tasks: &[Shown]) -> bool {
        let Some(Session { shown, .. }) = self.sessions.last() else {
            return false;
        };
        let mut existing = tasks.iter().filter(|task| !task.is_deleted);
        existing.clone().count() == shown.len()
            && existing.all(|task| {
                let shown = shown.get(&task.id);
                shown.is_some_and(|(version, _)| *version == task.version)
            })
    }

    /// Adds the received changes and the shown tasks, and those that are due given the final tasks.
    ///
    /// Each version of a task after the snapshot is due once, in order; one that the snapshot contains may come again.
    pub fn add_evidence(&self, evidence: &mut Evidence, tasks: &[Shown]) {
        for (number, session) in self.sessions.iter().enumerate() {
            let change = |id: &str, version| {
                let subject = format!("{id} at {} since snapshot {number}", self.name);
                Change::new(FEED, subject, version)
            };
            for (id, version) in &session.changes {
                evidence.arrivals.push(Arrival {
                    change: change(id, *version),
                    // Unique, because the feed may not repeat an event.
                    event_id: Uuid::from_u128(evidence.arrivals.len() as u128),
                });
            }
            let is_last = number + 1 == self.sessions.len();
            for (id, versions) in session.due(is_last.then_some(tasks)) {
                evidence
                    .changes
                    .extend(versions.map(|version| change(id, version)));
            }
        }
        let shown = |id: &str, version: i64, title: &str| {
            let cause = format!("{id} version {version} \"{title}\" at {}", self.name);
            Effect::new("task shown", cause)
        };
        let existing = tasks.iter().filter(|task| !task.is_deleted);
        let due = existing.map(|task| shown(&task.id, task.version, &task.title));
        evidence.due.extend(due);
        if let Some(session) = self.sessions.last() {
            let effects = session.shown.iter();
            let effects = effects.map(|(id, (version, title))| shown(id, *version, title));
            evidence.effects.extend(effects);
        }
    }

    fn session(&mut self) -> &mut Session {
        self.sessions
            .last_mut()
            .expect("a snapshot precedes all messages")
    }
}

impl Session {
    fn show(&mut self, task: Task) {
        // The snapshot may contain a later version than a change that follows it.
        if let Some((version, _)) = self.shown.get(&task.id)
            && *version > task.version
        {
            return;
        }
        match task.is_deleted() {
            true => self.shown.remove(&task.id),
            false => self.shown.insert(task.id, (task.version, task.title)),
        };
    }

    /// Returns the versions due of each task: up to the final ones if given, else up to the last received.
    fn due(&self, end: Option<&[Shown]>) -> Vec<(&str, RangeInclusive<i64>)> {
        let mut first: HashMap<&str, i64> = HashMap::new();
        let mut last: HashMap<&str, i64> = HashMap::new();
        for (id, version) in &self.base {
            first.insert(id, version + 1);
        }
        for (id, version) in &self.changes {
            let first = first.entry(id).or_insert(*version);
            *first = (*first).min(*version);
            let last = last.entry(id).or_insert(*version);
            *last = (*last).max(*version);
        }
        if let Some(tasks) = end {
            last.extend(tasks.iter().map(|task| (task.id.as_str(), task.version)));
        }
        first
            .iter()
            .filter_map(|(id, first)| Some((*id, *first..=*last.get(id)?)))
            .collect()
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
