//! What the users of the load know of their tasks.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use taskmesh_proto::task::v1::Task;

use super::{dice::Dice, write::Write};

/// Several writers act for one user, so that they meet at the same tasks.
pub const USERS: usize = 8;
/// How many of a user's newest tasks are changed: few, so that changes of one task come close together.
const HOT: usize = 4;
/// How many plain tasks of a user are remembered.
const MOST: usize = 50;

/// All users.
#[derive(Debug, Default)]
pub struct Users([Mutex<Known>; USERS]);

#[derive(Debug, Default)]
struct Known {
    /// Tasks to be changed, the newest last.
    plain: VecDeque<String>,
    /// Occurrences to be completed.
    occurrences: VecDeque<String>,
    /// Every occurrence that was ever told of.
    told: HashSet<String>,
}

impl Users {
    /// Returns the number of the user that a writer acts for.
    pub fn of_writer(writer: usize) -> usize {
        writer % USERS
    }

    /// Returns a user's id.
    pub fn name(user: usize) -> String {
        format!("chaos-{user}")
    }

    /// Picks one of the user's newest tasks.
    pub fn hot(&self, user: usize, dice: &mut Dice) -> Option<String> {
        self.with(user, |known| {
            let newest = known.plain.len().saturating_sub(HOT);
            let count = known.plain.len() - newest;
            known.plain.get(newest + dice.below(count)).cloned()
        })
    }

    /// Takes the user's oldest task that is still remembered, unless there are few.
    pub fn take_old(&self, user: usize) -> Option<String> {
        self.with(user, |known| {
            (known.plain.len() > HOT)
                .then(|| known.plain.pop_front())
                .flatten()
        })
    }

    /// Takes an occurrence that nobody has completed.
    pub fn take_occurrence(&self, user: usize) -> Option<String> {
        self.with(user, |known| known.occurrences.pop_front())
    }

    /// Learns what a write was answered with.
    pub fn learn(&self, user: usize, write: &Write, task: &Task) {
        match write {
            Write::Create(_) if !task.series_id.is_empty() => self.tell(user, &task.id),
            // A task with a reminder is left alone, so that its reminder is sent.
            Write::Create(_) if task.reminders.is_empty() => self.with(user, |known| {
                known.plain.push_back(task.id.clone());
                if known.plain.len() > MOST {
                    known.plain.pop_front();
                }
            }),
            _ => {}
        }
    }

    /// Learns of an occurrence, from a topic or from an answer.
    pub fn tell(&self, user: usize, occurrence: &str) {
        self.with(user, |known| {
            if known.told.insert(occurrence.to_owned()) {
                known.occurrences.push_back(occurrence.to_owned());
            }
        });
    }

    /// Returns the number of the user with this id.
    pub fn number_of(name: &str) -> Option<usize> {
        let number = name.strip_prefix("chaos-")?.parse().ok()?;
        (number < USERS).then_some(number)
    }

    fn with<T>(&self, user: usize, act: impl FnOnce(&mut Known) -> T) -> T {
        let known = &self.0[user % USERS];
        act(&mut known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
