use std::time::Duration;

use service_runtime::BoxError;

use super::{
    changes::change,
    command::Arguments,
    follower::Follower,
    service,
    stage::{Parts, Stage},
};
use crate::bench::old::{
    load::{Bounds, Outcome, open_loop},
    progress::Progress,
    report::{Bound, Figures, Line, Measure, Page},
};

const AGGREGATES: usize = 200;
const MOST_AT_ONCE: usize = 200;
const WARM_UP: Duration = Duration::from_secs(3);
const GOAL_P50_MS: f64 = 15.0;
const GOAL_P99_MS: f64 = 50.0;
/// With a cluster that acknowledges each event on several brokers.
const GOAL_P99_OF_CLUSTER_MS: f64 = 100.0;

/// Measures how long it takes from the answer to a commit until the effect in a consumer is there.
pub async fn measure(
    stage: &Stage,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    stage.clear().await?;
    let parts = Parts {
        relays: true,
        consumes: true,
    };
    let running = stage.start(parts).await?;
    let follower = Follower::default();
    let following = tokio::spawn(follower.clone().follow(stage.connect().await?));
    // Until the consumer has its partitions.
    let database = service::pool().ok_or("the service runs")?;
    follower.committed(change(&database, "first").await?);
    follower.caught_up().await?;
    let warm_up = Bounds {
        warm_up: Duration::ZERO,
        measured: WARM_UP,
        most: usize::MAX,
    };
    write(arguments.rate, warm_up, "to warm up", Some(&follower)).await?;
    follower.caught_up().await?;
    follower.begin();
    let bounds = Bounds {
        measured: arguments.measured(),
        ..warm_up
    };
    let writing = write(arguments.rate, bounds, "to their effects", Some(&follower)).await?;
    follower.caught_up().await?;
    following.abort();
    running.stop().await?;

    let rate = arguments.rate;
    page.add(Line::of_outcome(format!("write, {rate} a second"), writing));
    let figures = Figures::of(
        format!("commit to effect, {rate} a second"),
        follower.take(),
    );
    let line = Line::of_figures(figures);
    page.add(if stage.has_own_broker() {
        line.goal(Measure::P50Ms, Bound::AtMost(GOAL_P50_MS))
            .goal(Measure::P99Ms, Bound::AtMost(GOAL_P99_MS))
    } else {
        line.goal(Measure::P99Ms, Bound::AtMost(GOAL_P99_OF_CLUSTER_MS))
    });
    let twice = stage.count("effects").await?
        - stage
            .count("(SELECT DISTINCT event_id FROM effects) d")
            .await?;
    page.add(value("effects that came twice", twice, 0.0));
    Ok(())
}

/// Changes aggregates at a steady rate.
pub async fn write(
    rate: u32,
    bounds: Bounds,
    name: &str,
    follower: Option<&Follower>,
) -> Result<Outcome, BoxError> {
    let database = service::pool().ok_or("the service runs")?;
    let follower = follower.cloned();
    let progress = Progress::new(format!("{rate} events a second, {name}"), "events", None);
    let call = move |number: usize| {
        let (database, follower) = (database.clone(), follower.clone());
        async move {
            let id = change(&database, &format!("aggregate {}", number % AGGREGATES)).await?;
            if let Some(follower) = follower {
                follower.committed(id);
            }
            Ok(())
        }
    };
    open_loop(f64::from(rate), MOST_AT_ONCE, bounds, progress, call).await
}

/// Tells a count, which may be no greater than this.
pub fn value(name: &str, count: i64, most: f64) -> Line {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = count as f64;
    Line::of_value(name, count, "").goal(Measure::Value, Bound::AtMost(most))
}
