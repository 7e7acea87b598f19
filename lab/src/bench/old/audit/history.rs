use std::time::Instant;

use service_runtime::BoxError;
use taskmesh_proto::audit::v1::GetTaskHistoryRequest;

use super::{
    backlog::{Backlog, HISTORIAN, HISTORY},
    stage::Stage,
};
use crate::bench::old::{
    load::Outcome,
    report::{Bound, Line, Measure, Page},
};

const GOAL_MS: f64 = 20.0;

/// Measures how long the whole story of a task with many changes takes, one call after the other.
pub async fn measure(
    stage: &Stage,
    backlog: &Backlog,
    calls: u32,
    page: &mut Page,
) -> Result<(), BoxError> {
    let mut client = stage.audit()?;
    let mut outcome = Outcome::default();
    for call in 0..calls + calls / 10 {
        let message = GetTaskHistoryRequest {
            task_id: backlog.story.to_string(),
            page_size: i32::try_from(HISTORY)?,
            ..GetTaskHistoryRequest::default()
        };
        let request = stage.request(HISTORIAN, &[], message)?;
        let begun = Instant::now();
        let answer = client.get_task_history(request).await;
        let elapsed = begun.elapsed();
        let told = answer.map_err(BoxError::from).and_then(|answer| {
            let told = answer.into_inner().records.len();
            match u32::try_from(told) {
                Ok(HISTORY) => Ok(()),
                _ => Err(format!("{told} changes instead of {HISTORY}").into()),
            }
        });
        // The first calls warm up.
        if call >= calls / 10 {
            outcome.add(elapsed, told);
        }
    }
    page.add(
        Line::of_calls(
            format!("the history of a task with {HISTORY} changes"),
            outcome,
        )
        .goal(Measure::P95Ms, Bound::AtMost(GOAL_MS)),
    );
    Ok(())
}
