use std::time::{Duration, Instant};

use service_runtime::BoxError;

use super::{
    command::Arguments,
    follower::Follower,
    latency::{value, write},
    memory::Watch,
    stage::{Parts, Stage},
};
use crate::bench::old::{
    load::Bounds,
    process::resident,
    report::{Bound, Figures, Line, Measure, Page},
};

const MOST_PERCENT: f64 = 110.0;
const MOST_MEBIBYTES: f64 = 32.0;
const MOST_SECONDS: f64 = 30.0;
const MEBIBYTE: f64 = 1_048_576.0;

/// Takes the broker away while events are written, and brings it back.
pub async fn measure(
    stage: &mut Stage,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    stage.clear().await?;
    let running = stage
        .start(Parts {
            relays: true,
            consumes: true,
        })
        .await?;
    let bounds = |seconds| Bounds {
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs(seconds),
        most: usize::MAX,
    };
    let (rate, seconds) = (arguments.rate, arguments.outage_seconds);
    let follower = Follower::default();
    let following = tokio::spawn(follower.clone().follow(stage.connect().await?));
    // As long as the outage: in a longer time the disk stalls more often.
    let disk = stage.watch_disk()?;
    let before = write(rate, bounds(seconds), "before the outage", Some(&follower)).await?;
    let disk_before = disk.end().await?;
    follower.caught_up().await?;
    let memory_before = resident("self")?;

    stage.stop_broker(arguments).await?;
    following.abort();
    let memory = Watch::start();
    let disk = stage.watch_disk()?;
    let during = write(rate, bounds(seconds), "while the broker is away", None).await?;
    let disk_during = disk.end().await?;
    let most = memory.most();
    let waiting = stage.count("outbox").await?;
    let effects = stage.count("effects").await?;
    stage.start_broker(arguments).await?;
    let returned = Instant::now();
    while stage.count("effects").await? < effects + waiting {
        if returned.elapsed() > Duration::from_secs(300) {
            return Err("the backlog of the outage is not worked off after five minutes".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let drained = returned.elapsed();
    running.stop().await?;

    page.add(value(
        &format!("writes that failed while the broker was away for {seconds} s"),
        i64::try_from(during.failures)?,
        0.0,
    ));
    let before = Line::of_outcome(format!("write before the outage, {rate} a second"), before);
    let during = Line::of_outcome(format!("write during the outage, {rate} a second"), during);
    let percent = 100.0 * during.p99_ms() / before.p99_ms();
    page.add(before);
    page.add(during);
    for (when, durations) in [("before", disk_before), ("during", disk_during)] {
        let name = format!("the disk takes a block, {when} the outage");
        page.add(Line::of_figures(Figures::of(name, durations)));
    }
    page.add(
        Line::of_value("write during the outage against before, p99", percent, "%")
            .goal(Measure::Value, Bound::AtMost(MOST_PERCENT)),
    );
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let waiting = waiting as f64;
    page.add(Line::of_value(
        "events that waited when the broker returned",
        waiting,
        "",
    ));
    page.add(
        Line::of_value(
            "all effects are there after the return",
            drained.as_secs_f64(),
            "s",
        )
        .goal(Measure::Value, Bound::AtMost(MOST_SECONDS)),
    );
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    let more = most.saturating_sub(memory_before) as f64 / MEBIBYTE;
    page.add(
        Line::of_value("memory during the outage, more than before", more, "MiB")
            .goal(Measure::Value, Bound::AtMost(MOST_MEBIBYTES)),
    );
    Ok(())
}
