//! How long the current call may still take, passed on to the calls it makes itself.

use std::time::Duration;

use tokio::time::Instant;

/// Header with the time that a caller waits for the answer.
pub const TIMEOUT_HEADER: &str = "grpc-timeout";

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs the future with a deadline that nested calls see; it does not end the future.
pub async fn with_deadline<F: Future>(deadline: Instant, future: F) -> F::Output {
    // A call inside a call never outlives the outer one.
    let deadline = DEADLINE
        .try_with(|outer| deadline.min(*outer))
        .unwrap_or(deadline);
    DEADLINE.scope(deadline, future).await
}

/// Returns what is left of the current call's time, zero if it is over; `None` outside of any call.
pub fn time_left() -> Option<Duration> {
    DEADLINE
        .try_with(|deadline| deadline.saturating_duration_since(Instant::now()))
        .ok()
}

/// Parses a value of the header `grpc-timeout`: one to eight digits and a unit, such as `5S` or `500m`.
pub fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
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
    fn timeout_is_up_to_eight_digits_and_a_unit() {
        assert_eq!(parse_timeout("5S"), Some(Duration::from_secs(5)));
        let longest = Duration::from_secs(99_999_999 * 3600);
        assert_eq!(parse_timeout("99999999H"), Some(longest));
        assert_eq!(parse_timeout("10u"), Some(Duration::from_micros(10)));
        for wrong in ["", "S", "5", "5s", "-5S", "+5S", "123456789m", "5µ"] {
            assert_eq!(parse_timeout(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_inner_deadline_never_exceeds_the_outer_one() {
        assert_eq!(time_left(), None);
        let now = Instant::now();
        let inner = with_deadline(now + Duration::from_secs(1), async {
            with_deadline(now + Duration::from_secs(60), async { time_left() }).await
        });
        assert!(inner.await.unwrap() <= Duration::from_secs(1));
    }
}
