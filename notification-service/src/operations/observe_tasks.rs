//! Takes note of how tasks are now, and schedules, moves or cancels their reminders accordingly.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use service_runtime::{
    ids::{Ids, UserId},
    postgres::{AsyncPgConnection, DatabaseError},
};
use tracing::debug;

use super::apply_plans::apply_plans;
use crate::{
    domain::{preferences::Preferences, reminder_plan, watched_task::WatchedTask},
    store::{self, watched_task::Written},
};

/// Applies tasks' new states in their order; one that is not newer than what is known of its task changes nothing.
///
/// Returns the earliest fire time that was scheduled or moved to.
pub async fn observe_tasks(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    tasks: &[WatchedTask],
) -> Result<Option<DateTime<Utc>>, DatabaseError> {
    // Locked first, so that a change of the preferences either comes before or sees these tasks.
    let user_ids: HashSet<&UserId> = tasks
        .iter()
        .filter(|task| task.has_default_reminder())
        .map(|task| &task.user_id)
        .collect();
    let preferences = if user_ids.is_empty() {
        HashMap::new()
    } else {
        let user_ids: Vec<_> = user_ids.into_iter().collect();
        store::preferences::lock_for_reading(tx, &user_ids).await?
    };
    let mut earliest = None;
    for round in rounds(tasks) {
        let fire_time = observe_round(tx, ids, &preferences, round).await?;
        earliest = earliest.into_iter().chain(fire_time).min();
    }
    Ok(earliest)
}

/// Tasks do not touch each other, so that only the order of each one's own states counts: the first states of all tasks make a round,
/// then the second ones of those that have a second.
///
/// The first round locks the rows of all tasks, in one order; later ones find theirs locked.
fn rounds(tasks: &[WatchedTask]) -> Vec<Vec<&WatchedTask>> {
    let mut rounds: Vec<Vec<&WatchedTask>> = Vec::new();
    let mut counts: HashMap<_, usize> = HashMap::new();
    for task in tasks {
        let count = counts.entry((&task.user_id, task.task_id)).or_default();
        if *count == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*count].push(task);
        *count += 1;
    }
    rounds
}

/// Applies one new state of each of some different tasks.
async fn observe_round(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    preferences: &HashMap<UserId, Preferences>,
    tasks: Vec<&WatchedTask>,
) -> Result<Option<DateTime<Utc>>, DatabaseError> {
    let written = store::watched_task::update_if_newer(tx, &tasks).await?;

    let (mut first, mut newer) = (Vec::new(), Vec::new());
    for (task, written) in tasks.into_iter().zip(written) {
        match written {
            Written::First if task.asks_for_reminders() => first.push(task),
            // Nothing is scheduled for it, and nothing shall be.
            Written::First => {}
            Written::Newer => newer.push(task),
            Written::Not => {
                debug!(task.id = %task.task_id, "version {} of task {} is not newer than the stored one, skipping", task.version, task.task_id);
            }
        }
    }
    let defaults = Preferences::default();
    let plan = |task: &WatchedTask, scheduled: &[_], fired: &[_]| {
        // Those of users that are not in the list decide on nothing.
        let preferences = preferences.get(&task.user_id).unwrap_or(&defaults);
        reminder_plan::plan(task, preferences, task.update_time, scheduled, fired)
    };
    let mut plans: Vec<_> = first
        .into_iter()
        .map(|task| (task, plan(task, &[], &[])))
        .collect();
    if !newer.is_empty() {
        let scheduled = store::reminder::lock_scheduled(tx, &newer).await?;
        let outdated: Vec<_> = newer
            .iter()
            .zip(&scheduled)
            .filter(|(task, scheduled)| scheduled.iter().any(|reminder| !reminder.shows(task)))
            .map(|(task, _)| *task)
            .collect();
        if !outdated.is_empty() {
            store::reminder_step::update_copies(tx, &outdated).await?;
        }
        let asking: Vec<_> = newer
            .iter()
            .filter(|task| task.asks_for_reminders())
            .map(|task| (*task, task.update_time))
            .collect();
        let mut fired = Vec::new().into_iter();
        if !asking.is_empty() {
            // Read after the lock: whatever fires meanwhile has either lost its row to this transaction or shows up here.
            fired = store::reminder::list_fired_after(tx, &asking)
                .await?
                .into_iter();
        }
        for (task, scheduled) in newer.into_iter().zip(scheduled) {
            let fired = if task.asks_for_reminders() {
                fired.next().unwrap_or_default()
            } else {
                Vec::new()
            };
            plans.push((task, plan(task, &scheduled, &fired)));
        }
    }

    apply_plans(tx, ids, &plans).await
}
