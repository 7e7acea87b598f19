//! Polling intervals.

use std::time::Duration;

use service_runtime::{backoff::Backoff, error_chain};
use tracing::{debug, warn};

use crate::error::Error;

/// Longest wait, after which a wake-up that was lost with its process, or a change made by another replica, is found.
pub const SAFETY_POLL: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST_OVERDUE: Duration = Duration::from_millis(250);
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(5));

/// Waits until the next row is due.
#[derive(Debug)]
pub struct PollBackoff {
    /// Wait for overdue rows that another replica has locked, longer each time until none is overdue.
    overdue_wait: Duration,
    failures: u32,
}

impl Default for PollBackoff {
    fn default() -> Self {
        Self {
            overdue_wait: SHORTEST,
            failures: 0,
        }
    }
}

impl PollBackoff {
    /// Returns how long to wait, given in how many microseconds the next row is due (less than zero: it is overdue, and
    /// another replica has locked it), or nothing if none is known.
    pub fn wait(&mut self, next_in_us: Option<i64>) -> Duration {
        match next_in_us.map(u64::try_from) {
            Some(Err(_overdue)) => {
                let wait = self.overdue_wait;
                self.overdue_wait = (wait * 2).min(LONGEST_OVERDUE);
                wait
            }
            next => {
                self.overdue_wait = SHORTEST;
                let next = next.and_then(Result::ok).map(Duration::from_micros);
                next.unwrap_or(SAFETY_POLL).min(SAFETY_POLL)
            }
        }
    }

    /// Resets the failures.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure, logs the first of a row, and returns how long to wait.
    pub fn failed(&mut self, who: &str, cause: &Error) -> Duration {
        self.failures += 1;
        if self.failures == 1 {
            warn!(error = %error_chain(cause), "{who} failed, retrying");
        } else {
            debug!(error = %error_chain(cause), failures = self.failures, "{who} failed again, retrying");
        }
        BACKOFF.delay(self.failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_ends_when_next_row_is_due() {
        let mut backoff = PollBackoff::default();
        assert_eq!(backoff.wait(None), SAFETY_POLL);
        assert_eq!(backoff.wait(Some(12_345)), Duration::from_micros(12_345));
        assert_eq!(backoff.wait(Some(3_600_000_000)), SAFETY_POLL);
    }

    #[test]
    fn overdue_rows_are_polled_with_backoff() {
        let mut backoff = PollBackoff::default();
        for _ in 0..2 {
            let waits: Vec<_> = (0..8).map(|_| backoff.wait(Some(-5)).as_millis()).collect();
            assert_eq!(waits, [4, 8, 16, 32, 64, 128, 250, 250]);
            backoff.wait(Some(1));
        }
    }
}
