//! How long to wait before the next try: exponential with full jitter, so that many who fail together come back apart.

use std::time::Duration;

use rand::Rng;
use tokio::time::Instant;

/// Run time after which a failure is not counted as a repeated one.
const STABLE_AFTER: Duration = Duration::from_secs(60);

/// Doubles from `first` up to `cap`; each wait is drawn between zero and that bound.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
}

impl Backoff {
    /// Returns a back-off that begins at `first` and never waits longer than `cap`.
    pub const fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap }
    }

    /// Returns the longest wait after this many failures (1 is the first).
    pub fn bound(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(30));
        self.first.saturating_mul(factor).min(self.cap)
    }

    /// Counts a failure of something that started then and draws the wait; after a minute without one, counting begins again.
    pub fn delay_after(&self, started: Instant, failures: &mut u32) -> Duration {
        if started.elapsed() > STABLE_AFTER {
            *failures = 0;
        }
        *failures += 1;
        self.delay(*failures)
    }

    /// Draws the wait after this many failures (1 is the first).
    pub fn delay(&self, failures: u32) -> Duration {
        self.bound(failures).mul_f64(rand::rng().random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));
        let bounds: Vec<_> = [1, 2, 3, 9, 10, 4_000_000_000]
            .map(|failures| backoff.bound(failures).as_millis())
            .into();
        assert_eq!(bounds, [200, 400, 800, 51_200, 60_000, 60_000]);
    }
}
