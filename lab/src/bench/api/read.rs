use std::{sync::Arc, time::Duration};

use service_runtime::BoxError;
use taskmesh_proto::task::v1::GetTaskRequest;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::bench::{
    data::User,
    load::{Bounds, Outcome, closed_loop, open_loop},
    mesh::{Caller, Mesh},
    report::{Measure, Report, Row, step},
};

const GOAL_PER_SECOND: f64 = 15_000.0;
const GOAL_GATEWAY_MS: f64 = 1.0;
/// Number of pairs of calls for each call that other parts make one by one: the difference is small.
const PAIRS_PER_CALL: usize = 5;
/// Keeps the pairs below the gateway's rate limit of 500 calls per second and user.
const PAUSE: Duration = Duration::from_millis(2);
const HTTP_TIMEOUT: Duration = Duration::from_secs(10);

/// Measures GetTask in a closed loop, then at half of the rate that it reached.
pub async fn get(
    mesh: &Mesh<'_>,
    user: &User,
    callers: usize,
    bounds: Bounds,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (ids, caller) = (ids(mesh, user).await?, user.caller.clone());
    let call = move |number: usize| get_task(caller.clone(), ids.clone(), number);
    let name = format!("GetTask, {callers} at once");
    step(&name);
    let outcome = closed_loop(callers, bounds, call.clone()).await;
    report.add(Row::load(name, &outcome).at_least(Measure::Figure, GOAL_PER_SECOND));
    let rate = (outcome.per_second() / 2.0).max(1.0);
    let name = format!("GetTask, {rate:.0} per second");
    step(&name);
    report.add(Row::load(name, &open_loop(rate, bounds, call).await?));
    Ok(())
}

/// Measures GetTask directly and through the gateway in turn, one call at a time.
pub async fn through_gateway(
    mesh: &Mesh<'_>,
    user: &User,
    calls: usize,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (ids, caller) = (ids(mesh, user).await?, &user.caller);
    let http = reqwest::Client::builder().timeout(HTTP_TIMEOUT).build()?;
    let (mut direct, mut through) = (Outcome::default(), Outcome::default());
    step("GetTask, directly and through the gateway");
    let warm_up = calls / 10 * PAIRS_PER_CALL;
    for number in 0..warm_up + calls * PAIRS_PER_CALL {
        let begin = Instant::now();
        let result = get_task(caller.clone(), ids.clone(), number).await;
        let elapsed = begin.elapsed();
        let url = mesh
            .connection
            .gateway_url
            .join(&format!("/v1/tasks/{}", ids[number % ids.len()]))?;
        let begin = Instant::now();
        let http_result = get_url(&http, url, &caller.bearer.token).await;
        if number >= warm_up {
            through.add(begin.elapsed(), http_result);
            direct.add(elapsed, result);
        }
        sleep(PAUSE).await;
    }
    report.add(Row::latency("GetTask, one by one, directly", &direct));
    report.add(Row::latency(
        "GetTask, one by one, through the gateway",
        &through,
    ));
    let added = through.latency().p95 - direct.latency().p95;
    report.add(
        Row::value("p95 that the gateway adds", added, "ms")
            .failing(through.failures + direct.failures)
            .at_most(Measure::Figure, GOAL_GATEWAY_MS),
    );
    Ok(())
}

/// Returns the ids of some of the user's tasks in mixed order.
async fn ids(mesh: &Mesh<'_>, user: &User) -> Result<Arc<[String]>, BoxError> {
    let query =
        "SELECT id::text FROM task.tasks WHERE user_id = $1 ORDER BY md5(id::text) LIMIT 20000";
    let rows = mesh.database.query(query, &[&user.caller.user]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn get_task(caller: Arc<Caller>, ids: Arc<[String]>, number: usize) -> Result<(), BoxError> {
    let task_id = ids[number % ids.len()].clone();
    let request = caller.request(GetTaskRequest { task_id });
    caller.tasks(number).get_task(request).await?;
    Ok(())
}

async fn get_url(http: &reqwest::Client, url: Url, token: &str) -> Result<(), BoxError> {
    let answer = http.get(url).bearer_auth(token).send().await?;
    answer.error_for_status()?.bytes().await?;
    Ok(())
}
