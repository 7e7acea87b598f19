use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use service_runtime::BoxError;

use super::{
    pgbench::{self, Scripts},
    quiet,
    writer::{self, Writer},
};
use crate::bench::old::{
    load::{Bounds, Outcome, closed_loop, open_loop},
    progress::Progress,
    report::{Bound, Line, Measure, Page},
    subject::Subject,
};

/// How often both are measured, in turn, so that neither has the better time.
const ROUNDS: usize = 2;
/// How many creations the statements for pgbench are taken from.
const SAMPLES: usize = 50;
/// How many words a user has written already who is measured.
const PRACTICE: usize = 2_000;
const MOST_AT_ONCE: usize = 1_000;
const GOAL_PERCENT: f64 = 60.0;
const GOAL_P99_MS: f64 = 20.0;
/// Numbers of requests that batches do not reach.
const FIRST_NUMBER: usize = 10_000_000;

const COMPARISON: &str = "CreateTask against pgbench";

/// Measures CreateTask with as many callers as given beside pgbench with as many, which writes the same rows; then CreateTask at
/// half the rate that was reached.
pub async fn measure(
    subject: &Subject,
    writer: &Writer,
    concurrency: usize,
    page: &mut Page,
) -> Result<(), BoxError> {
    let bounds = subject.effort.bounds();
    let (caller, drafts) = (writer.caller.clone(), writer.drafts());
    let next = Arc::new(AtomicUsize::new(FIRST_NUMBER));
    let call = move |number: usize| {
        let (caller, drafts) = (caller.clone(), drafts.clone());
        let request = writer::request(&drafts, next.fetch_add(1, Ordering::Relaxed));
        async move {
            caller
                .tasks(number)
                .create_task(caller.request(request))
                .await?;
            Ok(())
        }
    };
    let practice = Bounds {
        warm_up: Duration::ZERO,
        measured: Duration::from_secs(60),
        most: PRACTICE,
    };
    let progress = Progress::new("CreateTask, to warm up", "calls", None);
    closed_loop(concurrency, practice, progress, call.clone()).await?;
    let scripts = Scripts::derive(&subject.database, writer, SAMPLES).await?;

    let (mut service, mut database) = (Outcome::default(), Vec::new());
    let name = format!("CreateTask, {concurrency} at once");
    for round in 1..=ROUNDS {
        quiet::wait(&subject.database).await?;
        let progress = Progress::new(format!("{name}, {round} of {ROUNDS}"), "calls", None);
        service.append(closed_loop(concurrency, bounds, progress, call.clone()).await?);
        quiet::wait(&subject.database).await?;
        let label = format!("pgbench, {concurrency} at once, {round} of {ROUNDS}");
        let progress = Progress::new(label, "runs", Some(1));
        let run = pgbench::run(&subject.database, &scripts, concurrency, bounds);
        database.push(progress.watch(run).await);
    }
    scripts.remove(&subject.database).await?;

    let per_second = service.per_second();
    let failures = service.failures;
    page.add(Line::of_outcome(name, service));
    match database.into_iter().collect::<Result<Vec<f64>, _>>() {
        Ok(rates) => compare(per_second, failures, &rates, concurrency, page),
        Err(error) => page.add(
            Line::of_failure(COMPARISON, &error).goal(Measure::Value, Bound::AtLeast(GOAL_PERCENT)),
        ),
    }

    let rate = per_second / 2.0;
    if rate >= 1.0 {
        quiet::wait(&subject.database).await?;
        let name = format!("CreateTask, {rate:.0} a second");
        let progress = Progress::new(name.as_str(), "calls", None);
        let outcome = open_loop(rate, MOST_AT_ONCE, bounds, progress, call).await?;
        page.add(Line::of_outcome(name, outcome).goal(Measure::P99Ms, Bound::AtMost(GOAL_P99_MS)));
    }
    Ok(())
}

fn compare(per_second: f64, failures: usize, rates: &[f64], concurrency: usize, page: &mut Page) {
    #[expect(clippy::cast_precision_loss, reason = "there are few rounds")]
    let database_per_second = rates.iter().sum::<f64>() / rates.len() as f64;
    page.add(Line::of_value(
        format!("pgbench with the same inserts, {concurrency} at once"),
        database_per_second,
        "transactions/s",
    ));
    let percent = 100.0 * per_second / database_per_second;
    page.add(
        Line::of_value(COMPARISON, percent, "%")
            .failing(failures)
            .goal(Measure::Value, Bound::AtLeast(GOAL_PERCENT)),
    );
}
