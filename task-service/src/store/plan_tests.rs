//! The plans of statements on large tables, one plan for all values: such a plan uses a partial index only if the statement names the
//! index's condition and binds no value in its place.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use service_runtime::{Service, clock::Clock, testing::TestDatabase};

use super::{
    context,
    filter_condition::Condition,
    filter_names, hierarchy, imported, named, operation_change,
    task_list::{self, Page, Show},
};
use crate::{
    TaskService,
    domain::{
        Name, NamedKind, Order, TaskId, TimeZone,
        filter::{Filter, Now},
    },
};

/// 1000 users with 80 tasks each, and one with 20 000, of which few are open, and few have what partial indexes are about.
const TASKS: &str = "
    SET session_replication_role = replica;
    CREATE FUNCTION id(n bigint) RETURNS uuid LANGUAGE sql AS $$ SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
    INSERT INTO tasks (user_id, id, title, description, priority, state, due_time, start_time, time_zone, reminders, muted, version,
                       create_time, update_time, complete_time, parent_task_id, depends_on, import_id)
    SELECT CASE WHEN n % 5 = 0 THEN 'anna' ELSE 'user' || n % 1000 END, id(n), 'task ' || n, '', 'low',
           CASE WHEN n % 1000 = 0 THEN 'open' ELSE 'completed' END, CASE WHEN n % 200 = 0 THEN now() + n * interval '1 minute' END,
           CASE WHEN n % 2000 = 5 THEN now() END, 'UTC', '[]', n % 2000 = 10, 1, now() - n * interval '1 minute', now(),
           CASE WHEN n % 1000 <> 0 THEN now() - n * interval '1 minute' END, CASE WHEN n % 2000 = 25 THEN id(5) END,
           CASE WHEN n % 2000 = 30 THEN ARRAY[id(1000)] ELSE '{}' END, CASE WHEN n % 2000 = 35 THEN 'import ' || n END
    FROM generate_series(1, 100000) n;
    INSERT INTO operation_changes SELECT 'anna', id(n), 0, 'task', id(n), 1, NULL, now() FROM generate_series(1, 100000) n;";
/// A table of names, of which one user has deleted many.
const NAMES: &str = "
    INSERT INTO {table} (user_id, id, display_name, name_key, {column} version, operation_id, create_time, update_time, delete_time)
    SELECT 'user' || n % 1000, id(n), 'name ' || n, 'name ' || n, {value} 1, id(n), now(), now(), NULL FROM generate_series(101, 10000) n
    UNION ALL
    SELECT 'anna', id(n), 'one', 'one', {value} 1, id(n), now(), now(), now() FROM generate_series(10001, 30000) n
    UNION ALL
    SELECT 'anna', id(1), 'one', 'one', {value} 1, id(1), now(), now(), NULL";

#[tokio::test]
async fn statements_read_large_tables_by_index() {
    let database = TestDatabase::create(TaskService::SCHEMA.unwrap()).await;
    let mut seeding = database.connect("task").await;
    seeding.batch_execute(TASKS).await.unwrap();
    for (table, column, value) in [
        ("categories", "", ""),
        ("tags", "", ""),
        ("saved_filters", "filter,", "'x',"),
    ] {
        let rows = NAMES.replace("{table}", table);
        let rows = rows.replace("{column}", column).replace("{value}", value);
        seeding.batch_execute(&rows).await.unwrap();
    }
    // A BRIN index knows the pages that a vacuum has summarised.
    seeding.batch_execute("VACUUM ANALYZE").await.unwrap();
    let (mut tx, plans) = database
        .connect_with_plans(TaskService::SCHEMA.unwrap())
        .await;
    let tx = &mut tx;
    let anna = "anna".parse().unwrap();
    let now = Clock::system().now();
    let expect = |index: &str| {
        let indexes = plans.take_indexes();
        assert!(indexes.contains(index), "{index}: {indexes:?}");
    };

    let key = Name::from_stored("one".to_owned()).key();
    for (kind, index) in [
        (NamedKind::Category, "categories_one_per_name"),
        (NamedKind::Tag, "tags_one_per_name"),
        (NamedKind::SavedFilter, "saved_filters_one_per_name"),
    ] {
        let found = named::find_by_names(tx, kind, &[(&anna, key.clone())]).await;
        assert_eq!(found.unwrap().len(), 1);
        expect(index);
        named::list(tx, &anna, kind, "", 50).await.unwrap();
        expect(index);
    }

    let counts = context::counts(tx, &anna, now, now.date_naive()).await;
    assert_eq!(counts.unwrap().open, 100);
    let ids = [5, 25, 1000].map(task_id);
    let known = imported::find(tx, &anna, &ids, &["import 35", "import 2035"]).await;
    assert_eq!(known.unwrap().len(), 5);
    expect("tasks_one_per_import_id");
    hierarchy::depths(tx, &anna, &ids).await.unwrap();
    hierarchy::ancestors(tx, &anna, ids[1]).await.unwrap();
    hierarchy::existing(tx, &anna, &ids).await.unwrap();
    hierarchy::open(tx, &anna, &ids).await.unwrap();
    hierarchy::titles(tx, &anna, &ids, 10).await.unwrap();
    hierarchy::depend_on(tx, &anna, &ids, ids[0]).await.unwrap();
    plans.take_indexes();
    let parts = hierarchy::parts(tx, &anna, &ids).await.unwrap();
    assert_eq!(parts.len(), 50);
    expect("tasks_by_parent");
    hierarchy::height(tx, &anna, ids[0]).await.unwrap();
    expect("tasks_by_parent");
    for and_deleted in [false, true] {
        let parts = hierarchy::descendants(tx, &anna, ids[0], and_deleted).await;
        assert_eq!(parts.unwrap().len(), 50);
        expect("tasks_by_parent");
    }

    let operation = ids[0].as_uuid().into();
    operation_change::find(tx, &anna, operation).await.unwrap();
    let before = now - TimeDelta::days(1);
    operation_change::delete_older(tx, before).await.unwrap();
    expect("operation_changes_by_time");

    for (filter, order, index, matches) in [
        ("muted", "", "tasks_muted", 50),
        ("blocked", "", "tasks_that_depend", 50),
        ("parent:*", "title", "tasks_by_parent", 50),
        ("due:*", "due", "tasks_by_due_time", 100),
        ("start:*", "start", "tasks_by_start_time", 50),
        ("complete:*", "complete", "tasks_by_complete_time", 100),
    ] {
        let found = list(tx, now, filter, order).await;
        assert_eq!(found, matches, "{filter} by {order}");
        expect(index);
    }
}

fn task_id(number: u128) -> TaskId {
    format!("00000000-0000-4000-8000-{number:012}")
        .parse()
        .unwrap()
}

/// Returns how many tasks are on the first page.
async fn list(tx: &mut AsyncPgConnection, now: DateTime<Utc>, filter: &str, order: &str) -> usize {
    let user_id = "anna".parse().unwrap();
    let filter = Filter::parse(filter).unwrap();
    let condition = Condition {
        names: filter_names::find(tx, &user_id, &filter).await.unwrap(),
        now: Now::new(now, &TimeZone::utc()),
        user_id,
        filter,
    };
    let page = Page {
        condition: &condition,
        show: Show {
            completed: true,
            deleted: false,
            hidden: true,
        },
        order: &Order::parse(order).unwrap(),
        after: None,
        limit: 100,
    };
    task_list::find_page(tx, &page).await.unwrap().len()
}
