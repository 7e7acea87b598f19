//! Takes note of how tasks are now, and schedules, moves or cancels their reminders accordingly.

use std::collections::{HashMap, HashSet};

use service_runtime::{
    ids::{Ids, UserId},
    outbox,
    postgres::{AsyncPgConnection, DatabaseError},
    telemetry::propagation::{self, TraceContext},
};
use tracing::debug;

use super::apply_plans::apply_plans;
use crate::{
    domain::{
        preferences::Preferences, reminder::ReminderState, reminder_plan, watched_task::WatchedTask,
    },
    events::{Actor, emit},
    store::{self, watched_task::Written},
};

/// State of a task with the trace and the cause of its event.
#[derive(Debug, Clone)]
pub struct Observation {
    pub task: WatchedTask,
    pub trace: TraceContext,
    /// Cause of the change.
    pub actor: Actor,
}

/// Applies tasks' new states in their order; one that is not newer than what is known of its task changes nothing.
///
/// Returns whether something was scheduled or moved.
pub async fn observe_tasks(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    observations: &[Observation],
) -> Result<bool, DatabaseError> {
    // Locked first, so that a change of the preferences either comes before or sees these tasks.
    let user_ids: HashSet<&UserId> = observations
        .iter()
        .filter(|observation| observation.task.has_default_reminder())
        .map(|observation| &observation.task.user_id)
        .collect();
    let preferences = if user_ids.is_empty() {
        HashMap::new()
    } else {
        let user_ids: Vec<_> = user_ids.into_iter().collect();
        store::preferences::lock_for_reading(tx, &user_ids).await?
    };
    let mut something_new = false;
    for round in rounds(observations) {
        something_new |= observe_round(tx, ids, &preferences, &round).await?;
    }
    Ok(something_new)
}

/// Tasks do not touch each other, so that only the order of each one's own states counts: the first states of all tasks make a round,
/// then the second ones of those that have a second.
///
/// The first round locks the rows of all tasks, in one order; later ones find theirs locked.
fn rounds(observations: &[Observation]) -> Vec<Vec<&Observation>> {
    let mut rounds: Vec<Vec<&Observation>> = Vec::new();
    let mut counts: HashMap<_, usize> = HashMap::new();
    for observation in observations {
        let task = &observation.task;
        let count = counts.entry((&task.user_id, task.task_id)).or_default();
        if *count == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*count].push(observation);
        *count += 1;
    }
    rounds
}

/// Applies one new state of each of some different tasks.
async fn observe_round(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    preferences: &HashMap<UserId, Preferences>,
    observations: &[&Observation],
) -> Result<bool, DatabaseError> {
    let tasks: Vec<_> = observations.iter().map(|seen| &seen.task).collect();
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

    let steps = apply_plans(tx, ids, &plans).await?;
    if steps.is_empty() {
        return Ok(false);
    }
    let causes: HashMap<_, _> = observations
        .iter()
        .map(|seen| ((&seen.task.user_id, seen.task.task_id), seen))
        .collect();
    let rows: Vec<_> = steps
        .iter()
        .map(|reminder| {
            let cause = causes[&(&reminder.user_id, reminder.task_id)];
            propagation::within(cause.trace, || {
                emit::reminder_planned(ids, reminder, cause.actor.clone())
            })
        })
        .collect();
    outbox::append_all(tx, &rows).await?;
    Ok(steps
        .iter()
        .any(|reminder| reminder.state == ReminderState::Scheduled))
}
