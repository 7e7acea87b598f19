//! Makes what is scheduled what a plan wants, and tells the world of each step.

use service_runtime::{
    ids::Ids,
    postgres::{AsyncPgConnection, DatabaseError},
};

use crate::{
    domain::{arming::Plan, watched_task::WatchedTask},
    events::emit,
    store::{self, reminder::NewReminder},
};

/// Applies the plan of one task, whose row is locked. Returns whether something was scheduled or moved.
pub(super) async fn apply_plan(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    task: &WatchedTask,
    plan: Plan,
) -> Result<bool, DatabaseError> {
    let Plan {
        cancel,
        move_to,
        schedule,
    } = plan;
    if !cancel.is_empty() {
        for reminder in store::reminder::update_cancelled(tx, &task.user_id, &cancel).await? {
            emit::reminder_cancelled(tx, ids, &reminder).await?;
        }
    }
    let something_new = !(move_to.is_empty() && schedule.is_empty());
    for (id, fire_time) in move_to {
        let moved = store::reminder::update_fire_time(tx, &task.user_id, id, fire_time).await?;
        if let Some(reminder) = moved {
            emit::reminder_scheduled(tx, ids, &reminder).await?;
        }
    }
    if !schedule.is_empty() {
        let new: Vec<_> = schedule
            .into_iter()
            .map(|(setting, fire_time)| NewReminder {
                id: ids.uuid_v7().into(),
                task,
                setting,
                fire_time,
            })
            .collect();
        for reminder in store::reminder::insert(tx, &new).await? {
            emit::reminder_scheduled(tx, ids, &reminder).await?;
        }
    }
    Ok(something_new)
}
