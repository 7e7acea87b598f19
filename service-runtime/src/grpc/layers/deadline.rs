//! No call goes on after nobody waits for it.

use std::time::Duration;

use axum::{extract::Request, response::Response};
use http::HeaderMap;
use tokio::time::Instant;

use super::refusal::{Refusal, refuse};
use crate::grpc::{deadline::with_deadline, methods};

const HEADER: &str = "grpc-timeout";
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
    if methods::is_open(request.uri().path()) {
        return next(request).await;
    }
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
            .get(HEADER)
            .and_then(|value| parse(value.to_str().ok()?));
        match asked {
            Some(asked) => asked.saturating_sub(MARGIN).min(self.maximum),
            None => self.default,
        }
    }
}

/// Reads one to eight digits and a unit.
fn parse(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_up_to_eight_digits_and_a_unit() {
        assert_eq!(parse("5S"), Some(Duration::from_secs(5)));
        assert_eq!(
            parse("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3600))
        );
        assert_eq!(parse("10u"), Some(Duration::from_micros(10)));
        for wrong in ["", "S", "5", "5s", "-5S", "+5S", "123456789m", "5µ"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_callers_time_counts_up_to_the_maximum_and_the_default_only_without_one() {
        let deadlines = Deadlines {
            default: Duration::from_secs(10),
            maximum: Duration::from_secs(60),
        };
        let time = |value: &'static str| {
            deadlines.time(&HeaderMap::from_iter([(
                HEADER.parse().unwrap(),
                value.parse().unwrap(),
            )]))
        };
        assert_eq!(deadlines.time(&HeaderMap::new()), deadlines.default);
        assert_eq!(time("20S"), Duration::from_secs(20) - MARGIN);
        assert_eq!(time("1H"), deadlines.maximum);
        assert_eq!(time("1m"), Duration::ZERO);
    }
}
