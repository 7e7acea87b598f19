//! Reminders that are armed and do not fire meanwhile, as a mesh with many users has them.

use service_runtime::BoxError;

use super::database::Database;

/// The users that the reminders belong to begin so.
const USERS: &str = "bench-armed-";

/// Arms so many reminders, by rows such as the notification-service writes for tasks that are due in more than a year.
pub async fn arm(database: &Database, count: u32) -> Result<(), BoxError> {
    // Rows of a run that was cut off count.
    let tasks = format!(
        "INSERT INTO notification.watched_tasks
             (user_id, task_id, task_version, title, due_time, time_zone, open, deleted, muted, reminder_settings, update_time)
         SELECT '{USERS}' || n % 1000, md5('{USERS}' || n)::uuid, 1, 'Armed ' || n, now() + interval '1 year' + n * interval '1 minute',
                'UTC', true, false, false, '[]', now()
         FROM generate_series(1, {count}) n ON CONFLICT DO NOTHING"
    );
    let reminders = format!(
        "INSERT INTO notification.reminders (user_id, id, task_id, setting, fire_time, state, version, title, due_time, time_zone)
         SELECT user_id, gen_random_uuid(), task_id, 'default', due_time - interval '1 hour', 'scheduled', 1, title, due_time, time_zone
         FROM notification.watched_tasks WHERE user_id LIKE '{USERS}%' ON CONFLICT DO NOTHING"
    );
    let vacuum = "VACUUM ANALYZE notification.watched_tasks, notification.reminders";
    for statement in [tasks.as_str(), &reminders, vacuum] {
        database.client.batch_execute(statement).await?;
    }
    Ok(())
}

/// Removes these reminders and their tasks.
pub async fn disarm(database: &Database) -> Result<(), BoxError> {
    for table in ["reminders", "watched_tasks"] {
        let statement = format!("DELETE FROM notification.{table} WHERE user_id LIKE '{USERS}%'");
        database.client.batch_execute(&statement).await?;
    }
    Ok(())
}
