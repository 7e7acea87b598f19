//! Makes what is scheduled what plans want.

use chrono::{DateTime, Utc};
use service_runtime::{
    ids::Ids,
    postgres::{AsyncPgConnection, DatabaseError},
};

use crate::{
    domain::{reminder::ReminderState, reminder_plan::Plan, watched_task::WatchedTask},
    store::{self, reminder_step::NewReminder},
};

/// Applies the plans of different tasks, whose rows are locked. Returns the earliest fire time that was scheduled or moved to.
pub(super) async fn apply_plans(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    plans: &[(&WatchedTask, Plan)],
) -> Result<Option<DateTime<Utc>>, DatabaseError> {
    let mut earliest: Option<DateTime<Utc>> = None;

    let cancel: Vec<_> = plans
        .iter()
        .flat_map(|(task, plan)| plan.cancel.iter().map(|id| (&task.user_id, *id)))
        .collect();
    if !cancel.is_empty() {
        let state = ReminderState::Cancelled;
        store::reminder_step::update_state(tx, &cancel, state).await?;
    }

    // One of each task at a time: a moment must have been left by one before another arrives at it.
    for turn in 0.. {
        let moves: Vec<_> = plans
            .iter()
            .filter_map(|(task, plan)| {
                let (id, fire_time) = plan.move_to.get(turn)?;
                Some(((&task.user_id, *id), *fire_time))
            })
            .collect();
        if moves.is_empty() {
            break;
        }
        store::reminder_step::update_fire_times(tx, &moves).await?;
        earliest = moves
            .iter()
            .map(|(_, fire_time)| *fire_time)
            .chain(earliest)
            .min();
    }

    let new: Vec<_> = plans
        .iter()
        .flat_map(|(task, plan)| {
            plan.schedule
                .iter()
                .map(|(setting, fire_time)| NewReminder {
                    id: ids.uuid_v7().into(),
                    task,
                    setting: *setting,
                    fire_time: *fire_time,
                })
        })
        .collect();
    if !new.is_empty() {
        store::reminder_step::insert(tx, &new).await?;
        earliest = new.iter().map(|new| new.fire_time).chain(earliest).min();
    }
    Ok(earliest)
}
