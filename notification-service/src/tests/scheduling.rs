use crate::operations;
use chrono::TimeDelta;
use futures::FutureExt;
use service_runtime::{clock::Clock, testing::eventually};
use std::time::Duration;

use super::{Bench, Row, TaskBuilder};

fn in_ms(milliseconds: i64) -> chrono::DateTime<chrono::Utc> {
    Clock::system().now() + TimeDelta::milliseconds(milliseconds)
}

async fn all_settled(bench: &Bench) -> Vec<Row> {
    eventually("all reminders have fired", async || {
        let rows = bench.rows().await;
        rows.iter().all(|row| row.state == "sent").then_some(rows)
    })
    .await
}

fn assert_each_fired_once(rows: &[Row]) {
    for row in rows {
        assert!(row.update_time >= row.fire_time, "fired early: {row:?}");
        assert_eq!(
            (row.version, row.deliveries),
            (2, 1),
            "not fired once: {row:?}"
        );
    }
}

#[tokio::test]
async fn reminders_fire_once_and_not_before_their_time() {
    let bench = Bench::new().await;
    for offset in [
        2_000, 2_170, 2_300, 2_301, 2_450, 2_700, 2_830, 2_910, 3_130,
    ] {
        bench
            .observe(&TaskBuilder::reminding_at("alice", in_ms(offset)))
            .await;
    }
    let _scheduler = bench.scheduler();
    let rows = all_settled(&bench).await;
    assert_eq!(rows.len(), 9);
    assert_each_fired_once(&rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedulers_fire_each_reminder_once() {
    const COUNT: usize = 400;
    let bench = Bench::new().await;
    let moment = in_ms(3_000);
    for number in 0..COUNT {
        let user = format!("user{}", number % 7);
        bench
            .observe(&TaskBuilder::reminding_at(&user, moment))
            .await;
    }
    let _schedulers = [bench.scheduler(), bench.scheduler(), bench.scheduler()];
    let rows = all_settled(&bench).await;
    assert_eq!(rows.len(), COUNT);
    assert_each_fired_once(&rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_schedulers_fire_each_reminder_once() {
    const COUNT: usize = 300;
    let bench = Bench::new().await;
    for number in 0..COUNT {
        let spread = i64::try_from(number).unwrap() * 3;
        bench
            .observe(&TaskBuilder::reminding_at("alice", in_ms(500 + spread)))
            .await;
    }
    for kill_after_ms in (1..60).map(|step| step * 7 % 53) {
        let scheduler = bench.scheduler();
        tokio::time::sleep(Duration::from_millis(kill_after_ms)).await;
        scheduler.kill().await;
    }
    let _scheduler = bench.scheduler();
    let rows = all_settled(&bench).await;
    assert_eq!(rows.len(), COUNT);
    assert_each_fired_once(&rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_fire_each_reminder_once() {
    const COUNT: usize = 200;
    let bench = Bench::new().await;
    for number in 0..COUNT {
        let spread = i64::try_from(number).unwrap() * 10;
        bench
            .observe(&TaskBuilder::reminding_at("alice", in_ms(500 + spread)))
            .await;
    }
    let _schedulers = [bench.scheduler(), bench.scheduler()];
    for break_after_ms in (1..40).map(|step| step * 11 % 83) {
        tokio::time::sleep(Duration::from_millis(break_after_ms)).await;
        bench
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
    }
    let rows = all_settled(&bench).await;
    assert_eq!(rows.len(), COUNT);
    assert_each_fired_once(&rows);
}

#[tokio::test]
async fn only_reminder_that_fires_soon_wakes_scheduler() {
    let bench = Bench::new().await;
    let app = bench.app();
    app.scheduled_at(Some(in_ms(3_600_000)));
    app.scheduled_at(None);
    assert!(app.scheduled.notified().now_or_never().is_none());
    app.scheduled_at(Some(in_ms(10_000)));
    assert!(app.scheduled.notified().now_or_never().is_some());
}

#[tokio::test]
async fn outage_fires_reminders_late() {
    let bench = Bench::new().await;
    bench
        .observe(&TaskBuilder::reminding_at("alice", in_ms(3_600_000)))
        .await;
    bench
        .execute("UPDATE reminders SET fire_time = clock_timestamp() - interval '2 hours'")
        .await;
    let _scheduler = bench.scheduler();
    let rows = all_settled(&bench).await;
    assert_each_fired_once(&rows);
    assert!(rows[0].update_time - rows[0].fire_time >= TimeDelta::hours(2));
}

#[tokio::test]
async fn completion_in_time_wins_over_late_commit() {
    let bench = Bench::new().await;
    let moment = in_ms(3_000);
    let mut task = TaskBuilder::reminding_at("alice", moment);
    bench.observe(&task).await;
    let app = bench.app().clone();
    task.change(|task| task.open = false);
    let _scheduler = bench.scheduler();
    let done: Result<_, service_runtime::postgres::DatabaseError> = app
        .database
        .transaction("complete", async |tx| {
            let changed = operations::observe_tasks(tx, &app.ids, &[task.task.clone()]).await?;
            // The reminder's time passes while this holds its row.
            let left = moment - Clock::system().now() + TimeDelta::milliseconds(400);
            tokio::time::sleep(left.to_std().unwrap_or_default()).await;
            Ok(changed)
        })
        .await;
    done.unwrap();
    // By the time that a later one has fired, the first would have as well.
    let later = TaskBuilder::reminding_at("alice", in_ms(50));
    bench.observe(&later).await;
    let rows = eventually("the later reminder has fired", async || {
        let rows = bench.rows().await;
        (rows.last()?.state == "sent").then_some(rows)
    })
    .await;
    assert_eq!((rows.len(), rows[0].state.as_str()), (2, "cancelled"));
    assert_eq!(rows[0].deliveries, 0);
}

#[tokio::test]
async fn moved_reminder_fires_only_at_new_time() {
    let bench = Bench::new().await;
    let mut task = TaskBuilder::new(
        "alice",
        TimeDelta::minutes(60) + TimeDelta::milliseconds(3_000),
    );
    bench.observe(&task).await;
    task.change(|task| task.due_time = task.due_time.map(|due| due + TimeDelta::milliseconds(700)));
    bench.observe(&task).await;
    let _scheduler = bench.scheduler();
    let rows = all_settled(&bench).await;
    assert_eq!(rows.len(), 1);
    // Scheduled, moved, fired.
    assert_eq!(rows[0].version, 3);
    assert!(rows[0].update_time >= rows[0].fire_time);
    assert_eq!(
        rows[0].fire_time,
        task.task.due_time.unwrap() - TimeDelta::minutes(60)
    );
}
