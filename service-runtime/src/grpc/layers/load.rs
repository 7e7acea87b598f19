//! No more calls at once than the service can carry.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::sync::Semaphore;

use super::refusal::{Refusal, refuse_until};
use crate::grpc::methods;

const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Answers RESOURCE_EXHAUSTED at once, with a hint when to try again, while the limit is reached.
///
/// A stream counts until it begins to answer. Health stays reachable, or a busy service would be taken for a dead one.
pub(super) async fn limit(
    State(calls): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    if methods::is_open(request.uri().path()) {
        return next.run(request).await;
    }
    match calls.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => refuse_until(&Refusal::Overloaded, RETRY_DELAY),
    }
}
