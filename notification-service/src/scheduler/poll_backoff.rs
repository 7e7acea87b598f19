//! Polling intervals.

use std::time::Duration;

use service_runtime::{backoff::Backoff, error_chain};
use tracing::{debug, warn};

use crate::error::Error;

const SHORTEST: Duration = Duration::from_millis(4);
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(5));

/// Waits that are short after a hint and grow to a quarter of a second while nothing happens.
///
/// A hint may precede its commit, and another replica may have locked a row that is due: both are why it
/// looks several times and not once.
#[derive(Debug)]
pub struct PollBackoff {
    /// The longest wait just now, longer each time until there is a hint.
    longest_now: Duration,
    /// Wait for overdue rows that another replica has locked, longer each time until none is overdue.
    overdue_wait: Duration,
    failures: u32,
}

impl Default for PollBackoff {
    fn default() -> Self {
        Self {
            longest_now: SHORTEST,
            overdue_wait: SHORTEST,
            failures: 0,
        }
    }
}

impl PollBackoff {
    /// The longest wait, which is the delay of changes without a hint.
    pub const LONGEST: Duration = Duration::from_millis(250);

    /// Notes a hint that something is new.
    pub fn reset(&mut self) {
        self.longest_now = SHORTEST;
    }

    /// Returns how long to wait, given in how many microseconds the next thing is due (less than zero: it is overdue, and
    /// another replica has locked it), or nothing if none is known.
    pub fn wait(&mut self, next_in_us: Option<i64>) -> Duration {
        let next = next_in_us.map(u64::try_from);
        if let Some(Err(_overdue)) = next {
            return grow(&mut self.overdue_wait);
        }
        self.overdue_wait = SHORTEST;
        let longest = grow(&mut self.longest_now);
        match next {
            Some(Ok(microseconds)) => Duration::from_micros(microseconds).min(longest),
            _ => longest,
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

/// Returns the wait and doubles it for the next time.
fn grow(wait: &mut Duration) -> Duration {
    let now = *wait;
    *wait = (now * 2).min(PollBackoff::LONGEST);
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_exactly_until_the_next_thing() {
        let mut backoff = PollBackoff::default();
        for _ in 0..10 {
            backoff.wait(None);
        }
        assert_eq!(backoff.wait(None), PollBackoff::LONGEST);
        assert_eq!(backoff.wait(Some(12_345)), Duration::from_micros(12_345));
        assert_eq!(backoff.wait(Some(3_600_000_000)), PollBackoff::LONGEST);
    }

    #[test]
    fn overdue_rows_are_polled_with_backoff() {
        let mut backoff = PollBackoff::default();
        for _ in 0..10 {
            backoff.wait(None);
        }
        for _ in 0..2 {
            let waits: Vec<_> = (0..8).map(|_| backoff.wait(Some(-5)).as_millis()).collect();
            assert_eq!(waits, [4, 8, 16, 32, 64, 128, 250, 250]);
            backoff.wait(Some(1));
        }
    }

    #[test]
    fn a_hint_quickens_it() {
        let mut backoff = PollBackoff::default();
        for _ in 0..10 {
            backoff.wait(None);
        }
        backoff.reset();
        assert_eq!(backoff.wait(None), SHORTEST);
    }
}
