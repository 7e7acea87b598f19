//! How much gets done, second by second, and how soon it is as much as before after a fault.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How much of the usual rate counts as recovered.
const ENOUGH: f64 = 0.99;
/// The rate is looked at over this time: it holds the fluctuations of single seconds down.
const WINDOW: Duration = Duration::from_secs(3);
const STEP: Duration = Duration::from_millis(100);
/// How long before a fault the usual rate is taken from.
const BEFORE: u32 = 10;

/// The moments at which something was done.
#[derive(Debug)]
pub struct Pulse {
    start: Instant,
    beats: Mutex<Vec<Duration>>,
}

impl Pulse {
    /// Begins to count; moments are told since the start.
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            beats: Mutex::default(),
        }
    }

    /// Counts something that was done now.
    pub fn beat(&self) {
        let now = self.start.elapsed();
        self.beats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(now);
    }

    /// Returns all moments, in their order.
    pub fn beats(&self) -> Vec<Duration> {
        let mut beats = self
            .beats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        beats.sort_unstable();
        beats
    }
}

/// Returns how many things are done a second, usually: the median of the seconds before this moment.
pub fn usual_rate(beats: &[Duration], before: Duration) -> f64 {
    let mut counts: Vec<usize> = (1..=BEFORE)
        .filter_map(|ago| before.checked_sub(Duration::from_secs(ago.into())))
        .map(|from| count(beats, from, from + Duration::from_secs(1)))
        .collect();
    counts.sort_unstable();
    let median = counts.get(counts.len() / 2).copied().unwrap_or_default();
    f64::from(u32::try_from(median).unwrap_or(u32::MAX))
}

/// Returns how long after `from` the rate is as usual again; none if it is not by `until`.
pub fn back_after(
    beats: &[Duration],
    from: Duration,
    until: Duration,
    usual: f64,
) -> Option<Duration> {
    let needed = ENOUGH * usual * WINDOW.as_secs_f64();
    let mut begin = from;
    while begin + WINDOW <= until {
        let found = count(beats, begin, begin + WINDOW);
        if f64::from(u32::try_from(found).unwrap_or(u32::MAX)) >= needed {
            return Some(begin - from);
        }
        begin += STEP;
    }
    None
}

fn count(beats: &[Duration], from: Duration, until: Duration) -> usize {
    beats.partition_point(|beat| *beat < until) - beats.partition_point(|beat| *beat < from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten a second, but for the seconds in which nothing is done.
    fn beats(seconds: u64, silent: std::ops::Range<u64>) -> Vec<Duration> {
        (0..seconds * 10)
            .filter(|tenth| !silent.contains(&(tenth / 10)))
            .map(|tenth| Duration::from_millis(tenth * 100))
            .collect()
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_usual_rate_is_the_median_of_the_seconds_before() {
        assert_eq!(usual_rate(&beats(20, 12..15), seconds(20)), 10.0);
    }

    #[test]
    fn a_rate_is_back_when_as_much_is_done_as_before() {
        let beats = beats(40, 20..24);
        assert_eq!(
            back_after(&beats, seconds(20), seconds(40), 10.0),
            Some(seconds(4))
        );
    }

    #[test]
    fn a_rate_that_does_not_come_back_is_told_as_none() {
        let beats = beats(40, 20..40);
        assert_eq!(back_after(&beats, seconds(20), seconds(40), 10.0), None);
    }
}
