use std::collections::{BTreeMap, HashMap};

use crate::checker::{Arrival, Change, Effect, Evidence};
use uuid::Uuid;

use super::message::Task;

/// What the evidence calls the feed.
const FEED: &str = "/v1/live";

/// What one client shows, and everything that it was told on the way there.
#[derive(Debug)]
pub struct View {
    /// Tells the client from others.
    name: String,
    /// Since each time that it began anew.
    stretches: Vec<Stretch>,
}

/// A task as it is in the end, in the database or in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    pub version: i64,
    pub title: String,
    pub is_deleted: bool,
}

#[derive(Debug, Default)]
struct Stretch {
    /// The versions that the snapshot has.
    base: HashMap<String, i64>,
    shown: BTreeMap<String, (i64, String)>,
    /// Every change in the order in which it came: the task and its version.
    told: Vec<(String, i64)>,
}

impl View {
    /// Returns the view of a client that shows nothing yet.
    pub fn new(name: String) -> Self {
        Self {
            name,
            stretches: Vec::new(),
        }
    }

    /// Forgets what is shown: a snapshot comes.
    pub fn begin_anew(&mut self) {
        self.stretches.push(Stretch::default());
    }

    /// Shows a part of a snapshot.
    pub fn add(&mut self, tasks: Vec<Task>) {
        let stretch = self.stretch();
        for task in tasks {
            stretch.base.insert(task.id.clone(), task.version);
            stretch.show(task);
        }
    }

    /// Puts a task in the place of what was there before.
    pub fn change(&mut self, task: Task) {
        let stretch = self.stretch();
        stretch.told.push((task.id.clone(), task.version));
        stretch.show(task);
    }

    /// Returns whether all tasks are shown as they are.
    pub fn shows(&self, tasks: &[Shown]) -> bool {
        let Some(stretch) = self.stretches.last() else {
            return false;
        };
        let there = tasks.iter().filter(|task| !task.is_deleted);
        there.clone().count() == stretch.shown.len()
            && there.clone().all(|task| {
                let shown = stretch.shown.get(&task.id);
                shown.is_some_and(|(version, _)| *version == task.version)
            })
    }

    /// Returns how many changes came.
    pub fn told(&self) -> usize {
        self.stretches
            .iter()
            .map(|stretch| stretch.told.len())
            .sum()
    }

    /// Adds what was told and what is shown, and what should have been, given the tasks as they are in the end.
    ///
    /// Of each task, every version behind the snapshot is told once, in order; one that the snapshot contains may come again.
    pub fn add_evidence(&self, evidence: &mut Evidence, tasks: &[Shown]) {
        for (number, stretch) in self.stretches.iter().enumerate() {
            let subject = |id: &str| format!("{id} at {} since snapshot {number}", self.name);
            for (id, version) in &stretch.told {
                let change = change(subject(id), *version);
                // Each arrival stands for itself: the feed passes on no event twice.
                let event_id = Uuid::from_u128(evidence.arrivals.len() as u128);
                evidence.arrivals.push(Arrival { change, event_id });
            }
            let is_last = number + 1 == self.stretches.len();
            for (id, versions) in stretch.due(is_last.then_some(tasks)) {
                let changes = versions.map(|version| change(subject(id), version));
                evidence.changes.extend(changes);
            }
        }
        let shown = |id: &str, version: i64, title: &str| Effect {
            kind: "task shown",
            cause: format!("{id} version {version} \"{title}\" at {}", self.name),
        };
        let there = tasks.iter().filter(|task| !task.is_deleted);
        let due = there.map(|task| shown(&task.id, task.version, &task.title));
        evidence.due.extend(due);
        if let Some(stretch) = self.stretches.last() {
            let found = stretch.shown.iter();
            let found = found.map(|(id, (version, title))| shown(id, *version, title));
            evidence.effects.extend(found);
        }
    }

    fn stretch(&mut self) -> &mut Stretch {
        if self.stretches.is_empty() {
            self.begin_anew();
        }
        self.stretches.last_mut().expect("there is one")
    }
}

fn change(subject: String, version: i64) -> Change {
    Change {
        topic: FEED,
        subject,
        version,
    }
}

impl Stretch {
    fn show(&mut self, task: Task) {
        // A later one was there first, if a snapshot contains what is told behind it.
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

    /// Returns which versions of each task should have been told: up to those that there are in the end, if they are given.
    fn due(&self, end: Option<&[Shown]>) -> Vec<(&str, std::ops::RangeInclusive<i64>)> {
        let mut first: HashMap<&str, i64> = HashMap::new();
        let mut last: HashMap<&str, i64> = HashMap::new();
        for (id, version) in &self.base {
            first.insert(id, version + 1);
        }
        for (id, version) in &self.told {
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
