use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;
use tracing::{info, warn};

use super::metrics;
use crate::{BoxError, backoff::Backoff};

/// Bounds the time until the return of a dependency is noticed.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// Circuit breaker of one consumer: while a dependency of the handler is unavailable, one attempt at a time probes it.
///
/// Promise: an outage of a dependency uses up no tries (`unavailable_dependency_uses_up_no_tries` in `tests/consumer.rs`) and meets one attempt
/// at a time (`one_attempt_at_a_time_probes_unavailable_dependency`).
#[derive(Debug)]
pub(super) struct Breaker {
    topic: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(topic: &'static str) -> Self {
        Self {
            topic,
            state: Mutex::default(),
        }
    }

    /// Waits while the circuit is open.
    pub(super) async fn pass(&self) {
        loop {
            let until = {
                let mut state = self.lock();
                let now = Instant::now();
                match state.open_until {
                    None => return,
                    Some(until) if until <= now => {
                        // This attempt probes the dependency; the others wait for its result.
                        state.open_until = Some(now + BACKOFF.bound(state.failures));
                        return;
                    }
                    Some(until) => until,
                }
            };
            tokio::time::sleep_until(until).await;
        }
    }

    /// Opens the circuit after a failed attempt.
    pub(super) fn failed(&self, cause: &BoxError) {
        let mut state = self.lock();
        state.failures += 1;
        state.open_until = Some(Instant::now() + BACKOFF.delay(state.failures));
        if state.failures == 1 {
            warn!(error = %cause, "dependency of the consumer of {} is unavailable, retrying", self.topic);
            metrics::waits_for_dependency(self.topic, true);
        }
    }

    /// Closes the circuit.
    pub(super) fn succeeded(&self) {
        let mut state = self.lock();
        if state.failures > 0 {
            *state = State::default();
            info!(
                "dependency of the consumer of {} is available again",
                self.topic
            );
            metrics::waits_for_dependency(self.topic, false);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_attempt_at_a_time_probes_unavailable_dependency() {
        let breaker = Breaker::new("task-events");
        assert!(breaker.pass().now_or_never().is_some());
        breaker.failed(&"away".into());
        breaker.pass().await;
        assert!(breaker.pass().now_or_never().is_none());
        breaker.succeeded();
        assert!(breaker.pass().now_or_never().is_some());
        assert!(breaker.pass().now_or_never().is_some());
    }
}
