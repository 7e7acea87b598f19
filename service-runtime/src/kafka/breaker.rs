use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;
use tracing::{info, warn};

use super::metrics;
use crate::{BoxError, backoff::Backoff};

/// Its return should not go unnoticed for a minute.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// Lets a consumer wait while something that its handler needs is down, and lets one attempt at a time find out.
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

    /// Waits while the dependency is thought to be down.
    pub(super) async fn pass(&self) {
        loop {
            let until = {
                let mut state = self.lock();
                let now = Instant::now();
                match state.open_until {
                    None => return,
                    Some(until) if until <= now => {
                        // This one finds out; the others wait for what it says.
                        state.open_until = Some(now + BACKOFF.bound(state.failures));
                        return;
                    }
                    Some(until) => until,
                }
            };
            tokio::time::sleep_until(until).await;
        }
    }

    /// Notes that the dependency is down.
    pub(super) fn failed(&self, cause: &BoxError) {
        let mut state = self.lock();
        state.failures += 1;
        state.open_until = Some(Instant::now() + BACKOFF.delay(state.failures));
        if state.failures == 1 {
            warn!(error = %cause, "the consumer of {} waits for a dependency", self.topic);
            metrics::waits_for_dependency(self.topic, true);
        }
    }

    /// Notes that the dependency answers.
    pub(super) fn succeeded(&self) {
        let mut state = self.lock();
        if state.failures > 0 {
            *state = State::default();
            info!("the consumer of {} goes on", self.topic);
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
    async fn one_attempt_at_a_time_finds_out_whether_the_dependency_is_back() {
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
