//! Changes how a user wants to be reminded, and moves the default reminders of their tasks accordingly.

use chrono::{DateTime, Utc};
use service_runtime::{
    idempotency::{Call, Response},
    ids::UserId,
    outbox,
    postgres::{AsyncPgConnection, DatabaseError},
};

use super::apply_plans::apply_plans;
use crate::{
    app::App,
    domain::{
        preferences::{PreferenceChange, Preferences},
        reminder_plan,
    },
    error::Error,
    events::emit,
    store,
};

/// Changes the caller's preferences; with a version, only if they still have it. Returns the response with them.
pub async fn update_preferences<M>(
    app: &App,
    call: &Call,
    changes: &[PreferenceChange],
    version: Option<i64>,
) -> Result<M, Error>
where
    M: Response + From<Preferences>,
{
    let change_time = app.clock.now();
    let (answer, fire_time) = call
        .write(&app.database, "update_preferences", async |tx| {
            let user_id = &call.caller.user_id;
            let before = store::preferences::lock(tx, user_id).await?;
            if version.is_some_and(|version| version != before.version) {
                return Err(Error::StalePreferences(before.version));
            }
            let after = before.changed(changes);
            store::preferences::update(tx, user_id, &after).await?;
            let (previous, updated) = (before.clone(), after.clone());
            let event =
                emit::preferences_updated(&app.ids, &call.caller, change_time, previous, updated);
            outbox::append_all(tx, &[event]).await?;
            let fire_time = if after.same_default_reminder(&before) {
                None
            } else {
                move_default_reminders(app, tx, user_id, &after, change_time).await?
            };
            Ok((M::from(after), fire_time))
        })
        .await?;
    app.scheduled_at(fire_time.flatten());
    Ok(answer)
}

/// Returns the earliest fire time that was scheduled or moved to.
async fn move_default_reminders(
    app: &App,
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    preferences: &Preferences,
    change_time: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DatabaseError> {
    let tasks = store::watched_task::lock_with_default_reminder(tx, user_id, change_time).await?;
    let tasks: Vec<_> = tasks.iter().collect();
    let scheduled = store::reminder::lock_scheduled(tx, &tasks).await?;
    let moments: Vec<_> = tasks.iter().map(|task| (*task, change_time)).collect();
    let fired = store::reminder::list_fired_after(tx, &moments).await?;
    let plans: Vec<_> = tasks
        .into_iter()
        .zip(scheduled.iter().zip(&fired))
        .map(|(task, (scheduled, fired))| {
            let plan = reminder_plan::plan(task, preferences, change_time, scheduled, fired);
            (task, plan)
        })
        .collect();
    apply_plans(tx, &app.ids, &plans).await
}
