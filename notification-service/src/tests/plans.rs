//! The plans of all statements on large tables, one plan for all values: what a connection uses after it has executed a statement some
//! times. Such a plan uses a partial index only if the statement names the index's condition and binds no value in its place.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    domain::{delivery::DeliveryState, preferences::PreferenceChange, setting::Setting},
    operations,
    store::reminder_page::After,
};
use chrono::TimeDelta;
use service_runtime::{
    clock::Clock,
    grpc::{Caller, Origin},
    idempotency::Call,
    ids::Ids,
    postgres::DatabaseError,
};
use taskmesh_proto::notification::v1::Preferences;

use super::{Bench, TaskBuilder};

/// 1000 users and one with 20 000 tasks; 100 000 armed reminders, 100 000 that were sent, and deliveries of all of these.
const ROWS: &str = "
    SET session_replication_role = replica;
    CREATE TEMP TABLE given AS
    SELECT n, CASE WHEN n % 5 = 0 THEN 'anna' ELSE 'user' || n % 1000 END AS user_id, md5('task ' || n)::uuid AS task_id
    FROM generate_series(1, 100000) n;
    INSERT INTO watched_tasks
        (user_id, task_id, task_version, title, due_time, time_zone, open, deleted, muted, reminder_settings, update_time)
    SELECT user_id, task_id, 1, 'title', now() + n * interval '1 minute', 'UTC', user_id <> 'anna' OR n > 99900, false, false, '[]', now()
    FROM given;
    INSERT INTO reminders (user_id, id, task_id, setting, fire_time, state, version, title, time_zone)
    SELECT user_id, md5('armed ' || n)::uuid, task_id, 'default', now() + n * interval '1 minute', 'scheduled', 1, 'title', 'UTC' FROM given
    UNION ALL
    SELECT user_id, md5('sent ' || n)::uuid, task_id, 'default', now() - n * interval '1 minute', 'sent', 2, 'title', 'UTC' FROM given;
    INSERT INTO deliveries (user_id, reminder_id, channel, state, attempt_count, message_id)
    SELECT user_id, id, 'email', 'sent', 1, '' FROM reminders WHERE state = 'sent';
    INSERT INTO preferences (user_id) SELECT DISTINCT user_id FROM given;
    SET session_replication_role = origin;
    ANALYZE;";

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn reminders_are_fired_and_delivered_by_partial_indexes() {
    let (bench, plans) = Bench::with_plans().await;
    bench.execute(ROWS).await;
    let app = bench.app();

    let idle = operations::fire_reminders(app, 100).await.unwrap();
    assert!(idle.count == 0 && idle.next_in_us.is_some());
    assert_eq!(plans.take_indexes(), names(&["reminders_by_fire_time"]));
    let idle = operations::claim_deliveries(app, Duration::from_secs(5), 16).await;
    assert!(idle.unwrap().due.is_empty());
    let indexes = plans.take_indexes();
    assert!(indexes.contains("deliveries_by_wake_time"), "{indexes:?}");

    bench
        .execute("UPDATE reminders SET fire_time = now() WHERE fire_time BETWEEN now() AND now() + interval '6 minutes'")
        .await;
    let fired = operations::fire_reminders(app, 100).await.unwrap();
    assert!(fired.count > 0);
    let indexes = plans.take_indexes();
    assert!(indexes.contains("reminders_by_fire_time"), "{indexes:?}");

    let claimed = operations::claim_deliveries(app, Duration::from_secs(5), 16).await;
    let claimed = claimed.unwrap().due;
    let indexes = plans.take_indexes();
    assert!(indexes.contains("deliveries_by_wake_time"), "{indexes:?}");

    let [sent, released] = [0, 1].map(|place| &claimed[place].claimed.claim);
    let lasts = Duration::from_secs(5);
    assert!(operations::begin_sending(app, sent, lasts).await.unwrap());
    let settled = operations::settle_delivery(app, sent, DeliveryState::Sent, "").await;
    assert!(settled.unwrap());
    let is_released = operations::release_delivery(app, released, lasts, "busy").await;
    assert!(is_released.unwrap());
    plans.take_indexes();
}

#[tokio::test]
async fn tasks_and_preferences_are_read_by_index() {
    let (bench, plans) = Bench::with_plans().await;
    bench.execute(ROWS).await;
    let app = bench.app();
    let caller = Caller {
        user_id: "anna".parse().unwrap(),
        service: None,
        token_id: None,
        client_id: None,
        roles: Vec::new(),
        origin: Origin::default(),
    };

    let request_id = Ids.uuid_v7().to_string();
    let call = Call::new(
        caller.clone(),
        &request_id,
        false,
        "update",
        &Preferences::default(),
    );
    let call = call.unwrap();
    let changes = [PreferenceChange::DefaultReminderMinutes(30)];
    for _ in 0..2 {
        let answer = operations::update_preferences(app, &call, &changes, None).await;
        let _: Preferences = answer.unwrap();
    }
    let indexes = plans.take_indexes();
    let index = "watched_tasks_by_default_reminder";
    assert!(indexes.contains(index), "{indexes:?}");
    operations::get_preferences(app, &caller).await.unwrap();
    plans.take_indexes();

    let mut known = TaskBuilder::new("anna", TimeDelta::days(1));
    let new = TaskBuilder::reminding_at("user1", Clock::system().now() + TimeDelta::days(2));
    for change in 0..2 {
        known.change(|task| task.settings = vec![Setting::Before(30 + change)]);
        let seen = [known.task.clone(), new.task.clone()];
        let observed: Result<_, DatabaseError> = app
            .database
            .transaction("observe", async |tx| {
                operations::observe_tasks(tx, &Ids, &seen).await
            })
            .await;
        assert!(observed.unwrap().is_some());
    }
    plans.take_indexes();

    for task_id in [None, Some(known.id())] {
        let page = operations::list_reminders(app, &caller, task_id, None, 50).await;
        let last = page.unwrap().reminders.pop().unwrap().0;
        let after = Some(After {
            fire_time: last.fire_time,
            id: last.id,
        });
        operations::list_reminders(app, &caller, task_id, after, 50)
            .await
            .unwrap();
        let index = match task_id {
            Some(_) => "reminders_once_a_moment",
            None => "reminders_by_user",
        };
        let indexes = plans.take_indexes();
        assert!(indexes.contains(index), "{indexes:?}");
    }
}

#[tokio::test]
async fn cancelled_reminders_may_share_a_moment_but_no_others() {
    const INSERT: &str = "
        INSERT INTO reminders (user_id, id, task_id, setting, fire_time, state, version, title, time_zone)
        SELECT 'anna', gen_random_uuid(), md5('task')::uuid, 'default', '2030-01-01Z', unnest($states), 1, 'title', 'UTC'";
    let bench = Bench::new().await;
    let insert = |states: &str| INSERT.replace("$states", states);
    bench
        .execute(&insert("ARRAY['cancelled', 'sent', 'cancelled']"))
        .await;
    for state in ["scheduled", "firing", "sent", "failed"] {
        let insert = insert(&format!("ARRAY['{state}']"));
        bench
            .execute(&format!(
                "DO $$ BEGIN {insert}; RAISE 'inserted twice'; EXCEPTION WHEN unique_violation THEN END $$"
            ))
            .await;
    }
}
