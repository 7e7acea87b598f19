use std::time::Duration;

/// Far above what a passing test needs: brokers that have just started on a busy machine can take half a minute.
const TIMEOUT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer, and returns it; panics after 90 seconds, naming what was waited for.
pub async fn eventually<T, F>(what: &str, ask: F) -> T
where
    F: AsyncFn() -> Option<T>,
{
    let waiting = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    match tokio::time::timeout(TIMEOUT, waiting).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited {TIMEOUT:?} in vain for: {what}"),
    }
}
