//! A panic ends one call, not the connection with all its calls.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{extract::Request, response::Response};
use futures::FutureExt;

use super::refusal::{Refusal, refuse};

/// Answers INTERNAL if anything below panics.
pub(super) async fn catch<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    AssertUnwindSafe(next(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| refuse(&Refusal::Panic(words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without words".to_owned())
}
