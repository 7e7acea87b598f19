//! Schema `task`: its baseline can be reverted and applied again, and its constraints refuse what the domain refuses.

use diesel::result::Error;
use diesel_async::SimpleAsyncConnection;
use service_runtime::{
    Service,
    testing::{TestDatabase, revert_and_reapply_migrations},
};
use task_service::TaskService;

/// A recurring task.
const ROWS: &str = "
    INSERT INTO series (user_id, series_id, recurrence_rule, recurrence_anchor, time_zone, start_local, create_time)
    VALUES ('alice', '019ab8c0-0000-7000-8000-000000000001', 'FREQ=WEEKLY', 'schedule', 'Europe/Berlin',
            '2026-12-07 09:00:00', now());
    INSERT INTO tasks (user_id, id, title, description, priority, state, due_time, time_zone, series_id,
                       recurrence_id, reminders, muted, version, create_time, update_time)
    VALUES ('alice', '019ab8c0-0000-7000-8000-000000000002', 'Water the plants', '', 'medium', 'open',
            '2026-12-07 08:00:00Z', 'Europe/Berlin', '019ab8c0-0000-7000-8000-000000000001',
            '2026-12-07 09:00:00', '[{\"minutes_before_due\": 30}]', false, 1, now(), now());";

#[tokio::test(flavor = "multi_thread")]
async fn migrations_revert_and_reapply_over_rows() {
    revert_and_reapply_migrations::<TaskService>(ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_refuse_what_the_domain_refuses() {
    let database = TestDatabase::create(TaskService::SCHEMA.unwrap()).await;
    let mut connection = database.connect("task").await;
    connection.batch_execute(ROWS).await.unwrap();
    let cases = [
        ("title = ''", "tasks_title_length"),
        ("title = repeat('x', 501)", "tasks_title_length"),
        ("title = '  '", "tasks_title_not_blank"),
        (r"title = E'a\nb'", "tasks_title_no_control_characters"),
        (r"title = E'a\u0085b'", "tasks_title_no_control_characters"),
        (
            "description = repeat('x', 20001)",
            "tasks_description_length",
        ),
        (
            r"description = E'a\rb'",
            "tasks_description_no_control_characters",
        ),
        ("priority = 'utmost'", "tasks_priority_known"),
        ("state = 'lost'", "tasks_state_known"),
        ("state = 'completed'", "tasks_complete_time_if_completed"),
        ("complete_time = now()", "tasks_complete_time_if_completed"),
        ("time_zone = ''", "tasks_time_zone_length"),
        ("series_id = NULL", "tasks_recurrence_id_if_series"),
        ("recurrence_id = NULL", "tasks_recurrence_id_if_series"),
        (
            "series_id = NULL, recurrence_id = NULL, previous_task_id = id",
            "tasks_previous_task_needs_series",
        ),
        ("due_time = NULL", "tasks_series_needs_due_time_and_zone"),
        ("time_zone = NULL", "tasks_series_needs_due_time_and_zone"),
        ("reminders = '{}'", "tasks_reminders_at_most_ten"),
        (
            "reminders = '[1,2,3,4,5,6,7,8,9,10,11]'",
            "tasks_reminders_at_most_ten",
        ),
        ("version = 0", "tasks_version_from_one"),
        ("user_id = ''", "tasks_user_id_length"),
        ("series_id = id", "tasks_user_id_series_id_fkey"),
    ];
    for (change, constraint) in cases {
        let result = connection
            .batch_execute(&format!("UPDATE tasks SET {change}"))
            .await;
        let Err(Error::DatabaseError(_, information)) = result else {
            panic!("{change} was accepted");
        };
        assert_eq!(information.constraint_name(), Some(constraint), "{change}");
    }
    connection
        .batch_execute(r"UPDATE tasks SET title = repeat('ß', 500), description = E'a\n\tb'")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn series_has_one_occurrence_per_date_and_per_predecessor() {
    let database = TestDatabase::create(TaskService::SCHEMA.unwrap()).await;
    let mut connection = database.connect("task").await;
    connection.batch_execute(ROWS).await.unwrap();
    let follow = |id: u32, recurrence_id: &str, previous: &str| {
        format!(
            "INSERT INTO tasks (user_id, id, title, description, priority, state, due_time, time_zone, series_id, recurrence_id,
                 previous_task_id, reminders, muted, version, create_time, update_time)
             SELECT user_id, '019ab8c0-0000-7000-8000-{id:012}', title, description, priority, state,
                 due_time, time_zone, series_id, {recurrence_id}, {previous}, reminders, muted, version, create_time,
                 update_time FROM tasks WHERE previous_task_id IS NULL"
        )
    };
    let twice = connection
        .batch_execute(&follow(3, "recurrence_id", "NULL"))
        .await;
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("tasks_one_per_recurrence_id")
    );
    connection
        .batch_execute(&follow(4, "recurrence_id + interval '7 days'", "id"))
        .await
        .unwrap();
    let forked = connection
        .batch_execute(&follow(5, "recurrence_id + interval '14 days'", "id"))
        .await;
    assert!(
        forked
            .unwrap_err()
            .to_string()
            .contains("tasks_one_per_previous_task")
    );
}
