//! No call goes on after nobody waits for it.

use std::time::Duration;

use axum::{extract::Request, response::Response};
use http::HeaderMap;
use tokio::time::Instant;

use super::refusal::{Refusal, refuse};
use crate::grpc::deadline::{TIMEOUT_HEADER, parse_timeout, with_deadline};

/// What is kept of the caller's time for the answer to travel, so that it arrives before the caller gives up.
const MARGIN: Duration = Duration::from_millis(2);

/// How long calls may take.
pub struct Deadlines {
    pub default: Duration,
    pub maximum: Duration,
}

/// Answers DEADLINE_EXCEEDED when the call's time is up.
///
/// The time is the caller's `grpc-timeout` up to the maximum, or the default. A stream's is up when its client says so: only
/// its beginning is limited here.
pub(super) async fn limit<F>(
    deadlines: &Deadlines,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let time = deadlines.time(request.headers());
    let deadline = Instant::now() + time;
    tokio::select! {
        biased;
        response = with_deadline(deadline, next(request)) => response,
        () = tokio::time::sleep_until(deadline) => refuse(&Refusal::DeadlineExceeded),
    }
}

impl Deadlines {
    fn time(&self, headers: &HeaderMap) -> Duration {
        let asked = headers
            .get(TIMEOUT_HEADER)
            .and_then(|value| parse_timeout(value.to_str().ok()?));
        match asked {
            Some(asked) => asked.saturating_sub(MARGIN).min(self.maximum),
            None => self.default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_time_counts_up_to_the_maximum_and_the_default_only_without_one() {
        let deadlines = Deadlines {
            default: Duration::from_secs(10),
            maximum: Duration::from_secs(60),
        };
        let time = |value: &'static str| {
            deadlines.time(&HeaderMap::from_iter([(
                TIMEOUT_HEADER.parse().unwrap(),
                value.parse().unwrap(),
            )]))
        };
        assert_eq!(deadlines.time(&HeaderMap::new()), deadlines.default);
        assert_eq!(time("20S"), Duration::from_secs(20) - MARGIN);
        assert_eq!(time("1H"), deadlines.maximum);
        assert_eq!(time("1m"), Duration::ZERO);
    }
}
