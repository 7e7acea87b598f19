//! Takes note of how a task is now, and schedules, moves or cancels its reminders accordingly.

use service_runtime::{
    ids::Ids,
    postgres::{AsyncPgConnection, DatabaseError},
};
use tracing::debug;

use super::apply_plan::apply_plan;
use crate::{
    domain::{arming, watched_task::WatchedTask},
    store,
};

/// Applies a task's new state; one that is not newer than what is known changes nothing.
///
/// Returns whether something was scheduled or moved.
pub async fn observe_task(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    task: &WatchedTask,
) -> Result<bool, DatabaseError> {
    // Locked first, so that a change of the preferences either comes before or sees this task.
    let preferences = store::preferences::lock_for_reading(tx, &task.user_id).await?;
    if !store::watched_task::update_if_newer(tx, task).await? {
        debug!(task.id = %task.task_id, "version {} of task {} is not new", task.version, task.task_id);
        return Ok(false);
    }
    let scheduled = store::reminder::lock_scheduled_of_task(tx, task).await?;
    if scheduled.iter().any(|reminder| !reminder.shows(task)) {
        store::reminder::update_copies(tx, task).await?;
    }
    // Read after the lock: whatever fires meanwhile has either lost its row to this transaction or shows up here.
    let fired =
        store::reminder::list_fired_after(tx, &task.user_id, Some(task.task_id), task.update_time)
            .await?;
    let fired: Vec<_> = fired.into_iter().map(|(_, fire_time)| fire_time).collect();
    let plan = arming::plan(task, &preferences, task.update_time, &scheduled, &fired);
    apply_plan(tx, ids, task, plan).await
}
