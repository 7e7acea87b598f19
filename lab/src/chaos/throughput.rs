//! Throughput over time, and the time until it recovers from a fault.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Share of the usual rate that counts as recovered.
const RECOVERED: f64 = 0.99;
/// Window of the rate, which smooths single seconds.
const WINDOW: Duration = Duration::from_secs(3);
const STEP: Duration = Duration::from_millis(100);
/// Seconds before a fault that define the usual rate.
const BASELINE_SECONDS: u64 = 10;

/// Recorder of the times of occurrences.
#[derive(Debug)]
pub struct Throughput {
    start: Instant,
    times: Mutex<Vec<Duration>>,
}

impl Throughput {
    /// Creates a recorder of times since this start.
    pub fn new(start: Instant) -> Self {
        let times = Mutex::default();
        Self { start, times }
    }

    /// Records an occurrence now.
    pub fn record(&self) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.push(self.start.elapsed());
    }

    /// Returns all times in order.
    pub fn times(&self) -> Vec<Duration> {
        let mut times = self
            .times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        times.sort_unstable();
        times
    }
}

/// Returns the usual rate per second: the median of the seconds before this time.
pub fn usual_rate(times: &[Duration], before: Duration) -> f64 {
    let mut counts: Vec<u32> = (1..=BASELINE_SECONDS)
        .filter_map(|ago| before.checked_sub(Duration::from_secs(ago)))
        .map(|from| count(times, from, from + Duration::from_secs(1)))
        .collect();
    counts.sort_unstable();
    counts
        .get(counts.len() / 2)
        .copied()
        .unwrap_or_default()
        .into()
}

/// Returns the time after `from` at which the rate is as usual; none if it is not by `until`.
pub fn recovery_time(
    times: &[Duration],
    from: Duration,
    until: Duration,
    usual: f64,
) -> Option<Duration> {
    let needed = RECOVERED * usual * WINDOW.as_secs_f64();
    let mut begin = from;
    while begin + WINDOW <= until {
        if f64::from(count(times, begin, begin + WINDOW)) >= needed {
            return Some(begin - from);
        }
        begin += STEP;
    }
    None
}

fn count(times: &[Duration], from: Duration, until: Duration) -> u32 {
    let index = |limit| times.partition_point(|time| *time < limit);
    u32::try_from(index(until) - index(from)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten occurrences a second, except in the silent seconds.
    fn times(seconds: u64, silent: std::ops::Range<u64>) -> Vec<Duration> {
        (0..seconds * 10)
            .filter(|tenth| !silent.contains(&(tenth / 10)))
            .map(|tenth| Duration::from_millis(tenth * 100))
            .collect()
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn usual_rate_is_median_of_seconds_before() {
        assert_eq!(usual_rate(&times(20, 12..15), seconds(20)), 10.0);
    }

    #[test]
    fn rate_recovers_after_silent_seconds() {
        let times = times(40, 20..24);
        assert_eq!(
            recovery_time(&times, seconds(20), seconds(40), 10.0),
            Some(seconds(4))
        );
    }

    #[test]
    fn rate_that_stays_low_does_not_recover() {
        let times = times(40, 20..40);
        assert_eq!(recovery_time(&times, seconds(20), seconds(40), 10.0), None);
    }
}
