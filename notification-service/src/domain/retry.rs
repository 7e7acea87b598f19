//! Retry schedule of deliveries.

use std::time::Duration;

use service_runtime::backoff::Backoff;

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));
const TRIES: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Returns how long to wait after this many tries, or nothing if it is time to give up.
///
/// Both ten tries and fifteen minutes have to be used up: a mail server that asks for some minutes (greylisting) gets
/// them, and a delivery that waited while this service was down still gets its tries.
pub fn next_wait(tries: u32, since_first: Duration) -> Option<Duration> {
    if tries >= TRIES && since_first >= PATIENCE {
        None
    } else {
        Some(BACKOFF.delay(tries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ten_tries_and_fifteen_minutes_are_given() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert!(next_wait(9, minutes(60)).is_some());
        assert!(next_wait(30, minutes(14)).is_some());
        assert!(next_wait(10, minutes(15)).is_none());
    }

    #[test]
    fn no_wait_is_longer_than_a_minute() {
        for tries in 1..50 {
            assert!(next_wait(tries, Duration::ZERO).unwrap() <= Duration::from_secs(60));
        }
    }
}
