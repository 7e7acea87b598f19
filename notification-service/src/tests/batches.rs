//! Effects of a batch of events, compared with the same events one by one.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    domain::{setting::Setting, watched_task::WatchedTask},
    operations::{fire_reminders, observe_tasks},
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{
    Rng, SeedableRng,
    rngs::StdRng,
    seq::{IndexedMutRandom, IndexedRandom},
};
use service_runtime::{postgres::DatabaseError, testing::Count};
use uuid::Uuid;

use super::{Bench, Outcome, TaskBuilder};

/// So many events come before whatever is due fires and the preferences change.
const STRETCH: usize = 100;

#[tokio::test]
async fn batches_equal_single_events() {
    for seed in 1..=3 {
        let events = random_events(seed, 4 * STRETCH);
        let one_by_one = outcome_of(&events, 1).await;
        let cancelled = one_by_one
            .rows
            .iter()
            .filter(|row| row.contains("cancelled"));
        assert!(cancelled.count() > 40, "the events do little");
        for size in [3, STRETCH] {
            let outcome = outcome_of(&events, size).await;
            assert_eq!(outcome.rows, one_by_one.rows, "seed {seed}, size {size}");
            assert_eq!(outcome.told, one_by_one.told, "seed {seed}, size {size}");
        }
    }
}

#[tokio::test]
async fn batch_costs_as_many_statements_as_single_event() {
    let bench = Bench::new().await;
    // The first task of a user inserts the preferences.
    bench
        .observe(&TaskBuilder::new("alice", TimeDelta::hours(5)))
        .await;
    for size in [1, 100] {
        let tasks = (0..size).map(|_| TaskBuilder::new("alice", TimeDelta::hours(5)).task);
        handle(&bench, &tasks.collect::<Vec<_>>()).await;
        let cost = Count {
            commits: 1,
            statements: 5,
        };
        assert_eq!(bench.take_counts().remove("consume"), Some(cost), "{size}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposite_batches_do_not_deadlock() {
    const ROUNDS: usize = 3;
    // So many that the statements of two batches overlap.
    const TASKS: usize = 2_000;
    let bench = Bench::new().await;
    let mut attempts = 0;
    for round in 0..ROUNDS {
        let mut tasks: Vec<_> = (0..TASKS)
            .map(|number| TaskBuilder::new(&format!("user {round} {number}"), TimeDelta::hours(5)))
            .collect();
        for _ in 0..2 {
            let there: Vec<_> = tasks.iter().map(|task| task.task.clone()).collect();
            let back: Vec<_> = there.iter().rev().cloned().collect();
            let (first, second) = tokio::join!(handle(&bench, &there), handle(&bench, &back));
            attempts += first + second;
            for task in &mut tasks {
                task.change(|task| {
                    task.due_time = task.due_time.map(|due| due + TimeDelta::hours(1))
                });
            }
        }
    }
    // One that the server has to break is tried again.
    assert_eq!(attempts, 4 * ROUNDS);
    let rows = bench.rows().await;
    assert_eq!(rows.len(), ROUNDS * TASKS);
    assert!(rows.iter().all(|row| row.version == 2));
}

/// Makes events of a few tasks of a few users, among them some that come again or too late.
fn random_events(seed: u64, count: usize) -> Vec<WatchedTask> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut now = DateTime::from_timestamp(1_577_836_800, 0).unwrap();
    let mut tasks: Vec<TaskBuilder> = (0..12)
        .map(|number| {
            let user = ["alice", "bob", "carol"][number % 3];
            let mut task = TaskBuilder::new(user, TimeDelta::zero());
            task.task.task_id = Uuid::from_u128(random.random()).into();
            task.task.update_time = now;
            task.task.due_time = random_moment(&mut random, now);
            task
        })
        .collect();
    let mut events: Vec<WatchedTask> = Vec::new();
    for _ in 0..count {
        now += TimeDelta::minutes(random.random_range(0..90));
        if random.random_ratio(1, 10)
            && let Some(earlier) = events.choose(&mut random)
        {
            events.push(earlier.clone());
            continue;
        }
        let task = tasks.choose_mut(&mut random).unwrap();
        change(&mut random, task, now);
        task.task.version += random.random_range(1..=2);
        task.task.update_time = now;
        events.push(task.task.clone());
    }
    events
}

fn change(random: &mut StdRng, task: &mut TaskBuilder, now: DateTime<Utc>) {
    let task = &mut task.task;
    match random.random_range(0..9) {
        0 | 1 => {
            task.due_date = None;
            task.due_time = random_moment(random, now);
        }
        // By so little that one reminder arrives at the moment that another one leaves.
        2 => task.due_time = task.due_time.map(|due| due + TimeDelta::minutes(30)),
        3 => {
            let begin = now.date_naive() + TimeDelta::days(random.random_range(0..3));
            task.time_zone = "Etc/UTC".to_owned();
            task.due_date = Some(begin);
            task.due_time = Some(begin.and_time(chrono::NaiveTime::MIN).and_utc());
        }
        4 => {
            let before = [0, 30, 60, 90, 120].map(Setting::Before);
            task.settings = before.into_iter().filter(|_| random.random()).collect();
            if let Some(moment) = random_moment(random, now) {
                task.settings.push(Setting::At(moment));
            }
        }
        5 => task.settings.clear(),
        6 => task.open = random.random_ratio(3, 4),
        7 => task.deleted = random.random_ratio(1, 4),
        _ => task.muted = random.random_ratio(1, 4),
    }
    if random.random() {
        task.title = format!("Title {}", random.random_range(0..5));
    }
}

/// Returns no time, one that is past today but was ahead then, or one that is far away.
fn random_moment(random: &mut StdRng, then: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match random.random_range(0..5) {
        0 => None,
        1 | 2 => Some(then + TimeDelta::minutes(random.random_range(-60..600))),
        _ => Some(then + TimeDelta::days(36_500)),
    }
}

async fn outcome_of(events: &[WatchedTask], size: usize) -> Outcome {
    let bench = Bench::new().await;
    // The third user is new to the service.
    bench
        .execute("INSERT INTO preferences (user_id, default_reminder_minutes) VALUES ('alice', 60), ('bob', 30)")
        .await;
    for stretch in events.chunks(STRETCH) {
        for batch in stretch.chunks(size) {
            handle(&bench, batch).await;
        }
        while fire_reminders(bench.app(), 1_000).await.unwrap().count > 0 {}
        bench
            .execute(
                "UPDATE preferences SET default_reminder_minutes = default_reminder_minutes + 30 WHERE user_id <> 'carol'",
            )
            .await;
    }
    Outcome::of(&bench).await
}

/// Applies a batch; returns how often, because a transaction may run again.
async fn handle(bench: &Bench, events: &[WatchedTask]) -> usize {
    let app = bench.app();
    let attempts = AtomicUsize::new(0);
    let done: Result<_, DatabaseError> = app
        .database
        .transaction("consume", async |tx| {
            attempts.fetch_add(1, Ordering::Relaxed);
            observe_tasks(tx, &app.ids, events).await
        })
        .await;
    done.unwrap();
    attempts.into_inner()
}
