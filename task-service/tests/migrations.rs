//! The migrations of schema `task`: each can be undone and redone over rows, and the tables refuse what the domain refuses.

use diesel::{
    QueryableByName,
    migration::{Migration, MigrationSource},
    pg::Pg,
    result::Error,
    sql_types::BigInt,
};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;
use service_runtime::{Service, testing::TestDatabase};
use task_service::{MIGRATIONS, TaskService};

/// Rows that each migration leaves room for, to be there when the later ones are applied.
const SAMPLES: [(&str, &str); 2] = [
    (
        "create_series",
        "INSERT INTO series (user_id, series_id, recurrence_rule, recurrence_anchor, time_zone, start_local, create_time)
         VALUES ('alice', '019ab8c0-0000-7000-8000-000000000001', 'FREQ=WEEKLY', 'schedule', 'Europe/Berlin',
                 '2026-12-07 09:00:00', now())",
    ),
    (
        "create_tasks",
        "INSERT INTO tasks (user_id, id, title, description, priority, state, due_time, time_zone, series_id,
                            recurrence_id, reminders, muted, version, create_time, update_time)
         VALUES ('alice', '019ab8c0-0000-7000-8000-000000000002', 'Water the plants', '', 'medium', 'open',
                 '2026-12-07 08:00:00Z', 'Europe/Berlin', '019ab8c0-0000-7000-8000-000000000001',
                 '2026-12-07 09:00:00', '[{\"minutes_before_due\": 30}]', false, 1, now(), now())",
    ),
];

type Step = Box<dyn Migration<Pg>>;

fn steps() -> Vec<Step> {
    let mut steps = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap();
    steps.sort_by_key(|step| step.name().version().as_owned());
    steps
}

/// Lets diesel's harness, which takes the connection, work on it for a while.
fn with_harness(
    connection: AsyncPgConnection,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>),
) -> AsyncPgConnection {
    let mut harness = AsyncMigrationHarness::new(connection);
    work(&mut harness);
    harness.into_inner()
}

async fn count(connection: &mut AsyncPgConnection, query: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = format!("SELECT count(*) AS count FROM {query}");
    diesel::sql_query(query)
        .get_result::<Count>(connection)
        .await
        .unwrap()
        .count
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_undone_and_redone_over_rows() {
    let database = TestDatabase::create_empty().await;
    let mut connection = database.connect("task").await;
    connection
        .batch_execute("CREATE SCHEMA task")
        .await
        .unwrap();

    // Asking what is applied creates the table that remembers it.
    connection = with_harness(connection, |harness| {
        assert!(harness.applied_migrations().unwrap().is_empty());
    });

    for step in steps() {
        connection = with_harness(connection, |harness| {
            harness.run_migration(&*step).unwrap();
            harness.revert_migration(&*step).unwrap();
            harness.run_migration(&*step).unwrap();
        });
        let name = step.name().to_string();
        for (_, rows) in SAMPLES.iter().filter(|(end, _)| name.ends_with(end)) {
            connection.batch_execute(rows).await.unwrap();
        }
    }
    let tasks = "tasks JOIN series USING (user_id, series_id)";
    assert_eq!(count(&mut connection, tasks).await, 1);

    connection = with_harness(connection, |harness| {
        for step in steps().iter().rev() {
            harness.revert_migration(&**step).unwrap();
        }
    });
    let left = "pg_class JOIN pg_namespace n ON n.oid = relnamespace
                WHERE n.nspname = 'task' AND relname NOT LIKE '%diesel%'";
    assert_eq!(count(&mut connection, left).await, 0);
    with_harness(connection, |harness| {
        harness.run_pending_migrations(MIGRATIONS).unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_refuse_what_the_domain_refuses() {
    let database = TestDatabase::create(TaskService::SCHEMA.unwrap()).await;
    let mut connection = database.connect("task").await;
    for (_, rows) in SAMPLES {
        connection.batch_execute(rows).await.unwrap();
    }
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
async fn one_series_has_one_occurrence_a_date_and_one_after_each() {
    let database = TestDatabase::create(TaskService::SCHEMA.unwrap()).await;
    let mut connection = database.connect("task").await;
    for (_, rows) in SAMPLES {
        connection.batch_execute(rows).await.unwrap();
    }
    let follow = |id: u32, recurrence_id: &str, previous: &str| {
        format!(
            "INSERT INTO tasks SELECT user_id, '019ab8c0-0000-7000-8000-{id:012}', title, description, priority, state,
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
