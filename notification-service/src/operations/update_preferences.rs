//! Changes how a user wants to be reminded, and moves the default reminders of their tasks accordingly.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use prost::Message;
use service_runtime::{
    idempotency::Call,
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};

use super::apply_plan::apply_plan;
use crate::{
    app::App,
    domain::{
        arming,
        preferences::{PreferenceChanges, Preferences},
    },
    error::Error,
    store,
};

/// Changes the caller's preferences; with a version, only if they still have it. Returns the answer that tells of them.
pub async fn update_preferences<M>(
    app: &App,
    call: &Call,
    changes: PreferenceChanges,
    version: Option<i64>,
) -> Result<M, Error>
where
    M: Message + Default + From<Preferences>,
{
    let change_time = app.clock.now();
    let (answer, something_new) = call
        .write(&app.database, "update_preferences", async |tx| {
            let user_id = &call.caller.user_id;
            let before = store::preferences::lock(tx, user_id).await?;
            if version.is_some_and(|version| version != before.version) {
                return Err(Error::StalePreferences(before.version));
            }
            let after = before.changed(changes.clone());
            store::preferences::update(tx, user_id, &after).await?;
            let something_new = if after.same_default_reminder(&before) {
                false
            } else {
                move_default_reminders(app, tx, user_id, &after, change_time).await?
            };
            Ok((M::from(after), something_new))
        })
        .await?;
    if something_new == Some(true) {
        app.scheduled.notify_one();
    }
    Ok(answer)
}

/// Returns whether something was scheduled or moved.
async fn move_default_reminders(
    app: &App,
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    preferences: &Preferences,
    change_time: DateTime<Utc>,
) -> Result<bool, DatabaseError> {
    let tasks = store::watched_task::lock_with_default_reminder(tx, user_id, change_time).await?;
    let mut scheduled: HashMap<_, Vec<_>> = HashMap::new();
    for reminder in store::reminder::lock_scheduled_by_default(tx, user_id).await? {
        scheduled
            .entry(reminder.task_id)
            .or_default()
            .push(reminder);
    }
    let mut fired: HashMap<_, Vec<_>> = HashMap::new();
    for (task_id, fire_time) in
        store::reminder::list_fired_after(tx, user_id, None, change_time).await?
    {
        fired.entry(task_id).or_default().push(fire_time);
    }
    let mut something_new = false;
    for task in &tasks {
        let plan = arming::plan(
            task,
            preferences,
            change_time,
            &scheduled.remove(&task.task_id).unwrap_or_default(),
            &fired.remove(&task.task_id).unwrap_or_default(),
        );
        something_new |= apply_plan(tx, &app.ids, task, plan).await?;
    }
    Ok(something_new)
}
