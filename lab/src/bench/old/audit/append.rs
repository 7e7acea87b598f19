use std::time::Instant;

use service_runtime::BoxError;

use super::{backlog::Backlog, stage::Stage};
use crate::bench::old::{
    progress::Progress,
    report::{Bound, Line, Measure, Page},
};

const GOAL_PER_SECOND: f64 = 10_000.0;

/// Starts the service before a backlog, and measures from the first record on until all are made.
pub async fn measure(
    stage: &mut Stage,
    backlog: &Backlog,
    page: &mut Page,
) -> Result<(), BoxError> {
    stage.start().await?;
    let before = stage.recorded(1).await?;
    let begun = Instant::now();
    let count = backlog.count();
    let progress = Progress::new(format!("records {count} events"), "backlogs", Some(1));
    progress.watch(stage.recorded(count)).await?;
    let elapsed = begun.elapsed();
    stage.vacuum().await?;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let per_second = (count - before) as f64 / elapsed.as_secs_f64();
    page.add(
        Line::of_value(
            format!("a backlog of {count} events of tasks, recorded"),
            per_second,
            "records/s",
        )
        .goal(Measure::Value, Bound::AtLeast(GOAL_PER_SECOND)),
    );
    Ok(())
}
