//! How long the current call may still take, passed on to the calls it makes itself.

use std::time::Duration;

use tokio::time::Instant;

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

#[cfg(test)]
mod tests {
    use super::*;

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
