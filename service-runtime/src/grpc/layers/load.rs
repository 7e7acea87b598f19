//! No more calls at once than the service can carry.

use std::time::Duration;

use axum::{extract::Request, response::Response};
use tokio::sync::Semaphore;

use super::refusal::{Refusal, refuse_until};

const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Answers RESOURCE_EXHAUSTED at once, with a hint when to try again, while the limit is reached.
///
/// A stream counts until it begins to answer.
pub(super) async fn limit<F>(
    calls: &Semaphore,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    match calls.try_acquire() {
        Ok(_permit) => next(request).await,
        Err(_) => refuse_until(&Refusal::Overloaded, RETRY_DELAY),
    }
}
