use std::time::Instant;

use service_runtime::BoxError;
use taskmesh_proto::task::v1::BatchCreateTasksRequest;

use super::{quiet, writer::Writer};
use crate::bench::old::{
    load::Outcome,
    report::{Bound, Line, Measure, Page},
    subject::Subject,
};

const TASKS: usize = 500;
const WARM_UP: usize = 3;
const GOAL_MS: f64 = 150.0;

/// Measures batches, each when the mesh has worked off what the one before caused.
pub async fn measure(
    subject: &Subject,
    writer: &Writer,
    batches: usize,
    page: &mut Page,
) -> Result<(), BoxError> {
    let mut outcome = Outcome::default();
    for number in 0..WARM_UP + batches {
        let first = number * TASKS;
        let request = BatchCreateTasksRequest {
            tasks: (first..first + TASKS)
                .map(|number| writer.request(number))
                .collect(),
            ..BatchCreateTasksRequest::default()
        };
        let mut client = writer.caller.tasks(number);
        let request = writer.caller.request(request);
        let begun = Instant::now();
        let result = client.batch_create_tasks(request).await;
        let duration = begun.elapsed();
        if number >= WARM_UP {
            outcome.add(duration, result.map(drop).map_err(BoxError::from));
        }
        quiet::wait(&subject.database).await?;
    }
    page.add(
        Line::of_calls(format!("BatchCreateTasks of {TASKS}"), outcome)
            .goal(Measure::P95Ms, Bound::AtMost(GOAL_MS)),
    );
    Ok(())
}
