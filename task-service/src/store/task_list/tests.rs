//! The plans of lists. A plan is a choice of the planner's, so the rows are as many as it takes to tempt it.

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use service_runtime::{Service, postgres::DatabaseError, testing::TestDatabase};

use super::{
    super::{Statement, filter_names, search},
    Page, Scope, Show, gather, segments, walk,
};
use crate::{
    TaskService,
    domain::{
        Order, TimeZone,
        filter::{Filter, Now},
    },
    store::filter_condition::Condition,
};

const FILTERS: [&str; 20] = [
    "",
    "state = open",
    "state = completed OR muted",
    "priority >= high due < today + 7d",
    "due:* NOT due < today",
    "overdue",
    "tag:one",
    "NOT tag:one",
    "tag:*",
    "category:one OR tag:one",
    "category:*",
    "title:\"x\"",
    "description:\"x\" OR muted",
    "blocked",
    "NOT blocked recurring",
    "parent:*",
    "start > now",
    "create > today - 1d",
    "update > today - 1d",
    "complete > today - 1d",
];
const ORDERS: [&str; 9] = [
    "",
    "due",
    "due desc",
    "priority desc, due",
    "title",
    "update desc",
    "start",
    "complete desc",
    "priority, start desc, title",
];

/// Three users, of which one has most of the table.
const ROWS: &str = "
    INSERT INTO categories (user_id, id, display_name, name_key, version, operation_id, create_time, update_time)
    SELECT u, md5(u || 'c')::uuid, 'one', 'one', 1, gen_random_uuid(), now(), now() FROM unnest('{alice,bob,carol}'::text[]) u;
    INSERT INTO tags (user_id, id, display_name, name_key, version, operation_id, create_time, update_time)
    SELECT u, md5(u || 't')::uuid, 'one', 'one', 1, gen_random_uuid(), now(), now() FROM unnest('{alice,bob,carol}'::text[]) u;
    INSERT INTO tasks (user_id, id, title, description, priority, state, due_time, time_zone, reminders, muted, version,
                       create_time, update_time, complete_time, category_id, tag_ids)
    SELECT u, gen_random_uuid(), 'task ' || n, '', (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4],
           CASE WHEN n % 3 = 0 THEN 'open' ELSE 'completed' END, CASE WHEN n % 2 = 0 THEN now() + n * interval '1 hour' END,
           'UTC', '[]', n % 50 = 0, 1, now() - n * interval '1 minute', now(), CASE WHEN n % 3 <> 0 THEN now() END,
           CASE WHEN n % 5 = 0 THEN md5(u || 'c')::uuid END, CASE WHEN n % 7 = 0 THEN ARRAY[md5(u || 't')::uuid] ELSE '{}' END
    FROM (VALUES ('alice', 6000), ('bob', 2000), ('carol', 50)) users (u, number), generate_series(1, number) n;
    ANALYZE;";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

async fn plan(tx: &mut AsyncPgConnection, statement: Statement) -> Vec<String> {
    let lines: Vec<Line> = statement.explained().load(tx).await.unwrap();
    lines.into_iter().map(|line| line.text).collect()
}

/// Returns what reads rows of tasks in another way than by an index that begins with a user or holds their own ids.
fn foreign_reads(plan: &[String]) -> Vec<&String> {
    let reads = |line: &str| {
        let scans_table = line.contains(" Scan ") || line.contains(" Scan on tasks");
        let is_read_elsewhere = line.contains("Bitmap Heap Scan") || line.contains("Subquery Scan");
        scans_table && line.contains("tasks") && !is_read_elsewhere
    };
    (0..plan.len())
        .filter(|place| {
            let condition = plan.get(place + 1).map_or("", |line| line.trim());
            let is_own = condition.starts_with("Index Cond:")
                && (condition.contains("user_id = ") || condition.contains("tag_ids "));
            reads(&plan[*place]) && !is_own
        })
        .map(|place| &plan[place])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_reads_a_row_of_another_user() {
    let database = TestDatabase::create(TaskService::SCHEMA.unwrap()).await;
    let database = database.open(TaskService::SCHEMA.unwrap());
    let work = async |tx: &mut AsyncPgConnection| {
        tx.batch_execute(ROWS).await?;
        for user in ["alice", "bob", "carol"] {
            for filter in FILTERS {
                for order in ORDERS {
                    for show in [false, true] {
                        check(tx, user, filter, order, show).await;
                    }
                }
            }
        }
        Ok::<(), DatabaseError>(())
    };
    database.transaction("plans", work).await.unwrap();
}

async fn check(tx: &mut AsyncPgConnection, user: &str, filter: &str, order: &str, show: bool) {
    let what = format!("{user}: {filter:?} by {order:?}, {show}");
    let user_id = user.parse().unwrap();
    let filter = Filter::parse(filter).unwrap();
    let condition = Condition {
        names: filter_names::find(tx, &user_id, &filter).await.unwrap(),
        now: Now::new(chrono::DateTime::UNIX_EPOCH, &TimeZone::utc()),
        user_id,
        filter,
    };
    let page = Page {
        condition: &condition,
        show: Show {
            completed: show,
            deleted: show,
            hidden: show,
        },
        order: &Order::parse(order).unwrap(),
        after: None,
        limit: 51,
    };
    let scope = Scope::of(&page).unwrap();
    let words = search::label_token(uuid::Uuid::max());
    let mut statements = vec![
        gather::statement(&page, &scope, None),
        gather::statement(&page, &scope, Some(words)),
    ];
    for segment in segments(&page) {
        for bound in [walk::bound(&page), i64::MAX] {
            statements.push(walk::statement(&page, &scope, &segment, bound, 51));
        }
    }
    for statement in statements {
        let plan = plan(tx, statement).await;
        let foreign = foreign_reads(&plan);
        assert!(
            foreign.is_empty(),
            "{what}: {foreign:?}\n{}",
            plan.join("\n")
        );
    }
}
