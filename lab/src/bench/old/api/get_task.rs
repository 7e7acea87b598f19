use std::sync::Arc;

use service_runtime::BoxError;
use taskmesh_proto::task::v1::GetTaskRequest;

use crate::bench::old::{
    caller::Caller,
    load::{closed_loop, open_loop},
    progress::Progress,
    report::{Bound, Line, Measure, Page},
    subject::{MeasuredUser, Subject},
};

/// How many tasks are read, in an order that nobody can foresee.
const TASKS: i64 = 20_000;
const GOAL_PER_SECOND: f64 = 15_000.0;
/// Enough to keep up at any rate that the mesh can keep up with.
const MOST_AT_ONCE: usize = 1_000;

/// Measures GetTask with as many callers as there are, then at half the rate that they reached.
pub async fn measure(subject: &Subject, page: &mut Page) -> Result<(), BoxError> {
    let user = subject.largest()?;
    let ids = Arc::new(ids(subject, user).await?);
    let effort = subject.effort;
    let caller = user.caller.clone();
    let call = move |number: usize| get(caller.clone(), ids.clone(), number);

    let name = format!("GetTask, {} at once", effort.concurrency);
    let progress = Progress::new(name.as_str(), "calls", None);
    let outcome = closed_loop(effort.concurrency, effort.bounds(), progress, call.clone()).await?;
    let rate = outcome.per_second() / 2.0;
    let goal = Bound::AtLeast(GOAL_PER_SECOND);
    page.add(Line::of_outcome(name, outcome).goal(Measure::PerSecond, goal));

    if rate >= 1.0 {
        let name = format!("GetTask, {rate:.0} a second");
        let progress = Progress::new(name.as_str(), "calls", None);
        let outcome = open_loop(rate, MOST_AT_ONCE, effort.bounds(), progress, call).await?;
        page.add(Line::of_outcome(name, outcome));
    }
    Ok(())
}

/// Returns the ids of some of a user's tasks, mixed.
pub async fn ids(subject: &Subject, user: &MeasuredUser) -> Result<Vec<String>, BoxError> {
    let rows = subject
        .database
        .client
        .query(
            "SELECT id::text FROM task.tasks WHERE user_id = $1 ORDER BY md5(id::text) LIMIT $2",
            &[&user.user.id.as_ref(), &TASKS],
        )
        .await?;
    let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if ids.is_empty() {
        return Err(format!("{} has no tasks", user.user.id).into());
    }
    Ok(ids)
}

/// Reads one of the tasks.
pub async fn get(
    caller: Arc<Caller>,
    ids: Arc<Vec<String>>,
    number: usize,
) -> Result<(), BoxError> {
    let task_id = ids[number % ids.len()].clone();
    let request = caller.request(GetTaskRequest { task_id });
    caller.tasks(number).get_task(request).await?;
    Ok(())
}
