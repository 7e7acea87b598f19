//! Known tasks of the users, from which the load picks its targets.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use rand::{Rng, rngs::StdRng};
use service_runtime::BoxError;

use crate::bearer::Bearer;

/// Number of users. Several writers act for each, so that they change the same tasks.
pub const USERS: usize = 8;
/// Number of a user's newest tasks that are changed: few, so that the changes of one task follow closely.
const HOT: usize = 4;
/// Maximum number of plain tasks of a user that are remembered.
const MAX_TASKS: usize = 50;

/// All users.
#[derive(Debug, Default)]
pub struct Users([Mutex<Tasks>; USERS]);

#[derive(Debug, Default)]
struct Tasks {
    /// Tasks to change, newest last.
    plain: VecDeque<String>,
    /// Occurrences to complete.
    occurrences: VecDeque<String>,
    /// All occurrences so far, because each is reported by its answer and its event.
    known: HashSet<String>,
}

impl Users {
    pub fn name(user: usize) -> String {
        format!("chaos-{user}")
    }

    pub fn bearer(user: usize, secret: &str) -> Result<Bearer, BoxError> {
        Bearer::new(secret, &Self::name(user), &[])
    }

    /// Picks one of the user's newest tasks.
    pub fn pick_hot(&self, user: usize, rng: &mut StdRng) -> Option<String> {
        self.with(user, |tasks| {
            let len = tasks.plain.len();
            let index = rng.random_range(len.saturating_sub(HOT)..len.max(1));
            tasks.plain.get(index).cloned()
        })
    }

    /// Takes the user's oldest remembered task, unless only hot ones are left.
    pub fn take_old(&self, user: usize) -> Option<String> {
        self.with(user, |tasks| match tasks.plain.len() > HOT {
            true => tasks.plain.pop_front(),
            false => None,
        })
    }

    /// Takes an open occurrence.
    pub fn take_occurrence(&self, user: usize) -> Option<String> {
        self.with(user, |tasks| tasks.occurrences.pop_front())
    }

    pub fn add_plain(&self, user: usize, task: String) {
        self.with(user, |tasks| {
            tasks.plain.push_back(task);
            if tasks.plain.len() > MAX_TASKS {
                tasks.plain.pop_front();
            }
        });
    }

    /// Adds an occurrence unless it is known.
    pub fn add_occurrence(&self, user: &str, task: String) {
        let Some(user) = (0..USERS).find(|number| Self::name(*number) == user) else {
            return;
        };
        self.with(user, |tasks| {
            if tasks.known.insert(task.clone()) {
                tasks.occurrences.push_back(task);
            }
        });
    }

    fn with<T>(&self, user: usize, act: impl FnOnce(&mut Tasks) -> T) -> T {
        let tasks = &self.0[user % USERS];
        act(&mut tasks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
