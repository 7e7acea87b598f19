use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer, and returns it; panics after 30 seconds, naming what was waited for.
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
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited {PATIENCE:?} in vain for: {what}"),
    }
}
