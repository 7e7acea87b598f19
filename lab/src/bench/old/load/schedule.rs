use std::time::Duration;

use super::Bounds;

/// When calls are meant to begin that come at a steady rate, whatever becomes of those before.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    rate: f64,
    bounds: Bounds,
}

impl Schedule {
    /// Plans so many calls a second.
    pub fn new(rate: f64, bounds: Bounds) -> Self {
        Self {
            rate: rate.max(f64::MIN_POSITIVE),
            bounds,
        }
    }

    /// Returns how many calls there are, with those that are not measured.
    pub fn count(&self) -> usize {
        self.unmeasured()
            .saturating_add(self.bounds.most.min(self.calls_in(self.bounds.measured)))
    }

    /// Returns when a call is meant to begin, counted from the beginning of all.
    pub fn start_of(&self, number: usize) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        Duration::from_secs_f64(number as f64 / self.rate)
    }

    /// Returns whether a call is measured.
    pub fn is_measured(&self, number: usize) -> bool {
        number >= self.unmeasured()
    }

    /// Returns when the last call is meant to have begun.
    pub fn end(&self) -> Duration {
        self.start_of(self.count())
    }

    /// Returns how long is measured.
    pub fn measured(&self) -> Duration {
        self.end().saturating_sub(self.start_of(self.unmeasured()))
    }

    fn unmeasured(&self) -> usize {
        self.calls_in(self.bounds.warm_up)
    }

    fn calls_in(&self, time: Duration) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "neither rate nor time is negative, and a float becomes the greatest integer if it is greater"
        )]
        let count = (time.as_secs_f64() * self.rate).floor() as usize;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: f64, most: usize) -> Schedule {
        Schedule::new(
            rate,
            Bounds {
                warm_up: Duration::from_secs(1),
                measured: Duration::from_secs(10),
                most,
            },
        )
    }

    #[test]
    fn calls_are_spread_evenly_over_the_time() {
        let schedule = schedule(200.0, usize::MAX);
        assert_eq!(schedule.count(), 200 + 2_000);
        assert_eq!(schedule.start_of(0), Duration::ZERO);
        assert_eq!(schedule.start_of(1), Duration::from_millis(5));
        assert_eq!(schedule.end(), Duration::from_secs(11));
        assert_eq!(schedule.measured(), Duration::from_secs(10));
    }

    #[test]
    fn the_calls_of_the_warm_up_are_not_measured() {
        let schedule = schedule(200.0, usize::MAX);
        assert!(!schedule.is_measured(199));
        assert!(schedule.is_measured(200));
    }

    #[test]
    fn the_greatest_count_shortens_the_time() {
        let schedule = schedule(200.0, 100);
        assert_eq!(schedule.count(), 200 + 100);
        assert_eq!(schedule.measured(), Duration::from_millis(500));
    }
}
