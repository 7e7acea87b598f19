use std::panic::AssertUnwindSafe;

use axum::{extract::Request, middleware::Next, response::Response};
use futures::FutureExt;

use crate::{error::Error, http::problem};

/// Answers a panic with 500 in the shape of every other error.
pub async fn catch_panic(request: Request, next: Next) -> Response {
    // Nothing is shared with the next request but what is behind locks and channels of its own.
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| problem(Error::internal("a request handler panicked")))
}
