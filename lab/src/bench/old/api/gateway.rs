use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use url::Url;

use super::get_task;
use crate::bench::old::{
    load::Outcome,
    progress::Progress,
    report::{Bound, Line, Measure, Page},
    subject::Subject,
};

/// How many calls are made one way for each that is made one by one elsewhere: the difference is small.
const TIMES: usize = 5;
/// The gateway answers each user so often a second by its defaults; the pairs stay below that.
const PAUSE: Duration = Duration::from_millis(2);
const GOAL_MS: f64 = 1.0;

/// Measures GetTask directly and through the gateway, in turn, one at a time.
pub async fn measure(
    subject: &Subject,
    gateway_url: &Url,
    page: &mut Page,
) -> Result<(), BoxError> {
    let user = subject.largest()?;
    let ids = Arc::new(get_task::ids(subject, user).await?);
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()?;
    let (warm_up, count) = (
        subject.effort.warm_up_calls() * TIMES,
        subject.effort.calls * TIMES,
    );
    let (mut direct, mut through) = (Outcome::default(), Outcome::default());
    let progress = Progress::new("GetTask, direct and through the gateway", "pairs", None);
    progress
        .watch(async {
            for number in 0..warm_up + count {
                let begun = Instant::now();
                let result = get_task::get(user.caller.clone(), ids.clone(), number).await;
                let direct_time = begun.elapsed();

                let url = gateway_url.join(&format!("/v1/tasks/{}", ids[number % ids.len()]))?;
                let begun = Instant::now();
                let http_result = get(&http, url, user.caller.token()).await;
                let http_time = begun.elapsed();
                if number >= warm_up {
                    direct.add(direct_time, result);
                    through.add(http_time, http_result);
                }
                progress.add(1);
                tokio::time::sleep(PAUSE).await;
            }
            Ok::<(), BoxError>(())
        })
        .await?;
    let direct = Line::of_calls("GetTask, one by one, direct", direct);
    let through = Line::of_calls("GetTask, one by one, through the gateway", through);
    let added = through.p95_ms() - direct.p95_ms();
    let failures = through.failures() + direct.failures();
    page.add(direct);
    page.add(through);
    let difference = Line::of_value("what the gateway adds at p95", added, "ms");
    page.add(
        difference
            .failing(failures)
            .goal(Measure::Value, Bound::AtMost(GOAL_MS)),
    );
    Ok(())
}

async fn get(http: &reqwest::Client, url: Url, token: &str) -> Result<(), BoxError> {
    let answer = http.get(url).bearer_auth(token).send().await?;
    answer.error_for_status()?.bytes().await?;
    Ok(())
}
