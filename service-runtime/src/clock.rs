//! The time, as a parameter: the system's, or in tests one that is moved by hand.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc};
use prost_types::Timestamp;

/// Tells the time in microseconds, the finest that PostgreSQL keeps.
#[derive(Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<Mutex<DateTime<Utc>>>>,
}

impl Clock {
    /// Returns the clock of the system.
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns a clock that stands still until it is moved.
    pub fn fixed(time: DateTime<Utc>) -> Self {
        Self {
            fixed: Some(Arc::new(Mutex::new(time))),
        }
    }

    /// Moves a fixed clock forward; does nothing to the system's.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(fixed) = &self.fixed {
            *fixed.lock().expect("no holder of this lock panics") += by;
        }
    }

    /// Returns the current time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system for the time"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.fixed {
            Some(fixed) => *fixed.lock().expect("no holder of this lock panics"),
            None => Utc::now(),
        };
        now.duration_trunc(TimeDelta::microseconds(1))
            .unwrap_or(now)
    }
}

/// Converts a time to the type of the contract.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: time.timestamp(),
        nanos: time.timestamp_subsec_nanos().cast_signed(),
    }
}

/// Converts a timestamp of the contract, truncated to microseconds; returns `None` if it is not a time of the years 1 to 9999.
pub fn from_timestamp(timestamp: Timestamp) -> Option<DateTime<Utc>> {
    let Timestamp { seconds, nanos } = timestamp;
    let nanos = u32::try_from(nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    DateTime::from_timestamp(seconds, nanos / 1_000 * 1_000)
        .filter(|time| (1..=9_999).contains(&time.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_truncated_and_bounded() {
        let time = |seconds, nanos| from_timestamp(Timestamp { seconds, nanos });
        let micro = DateTime::from_timestamp(1, 1_000);
        assert_eq!(time(1, 1_999), micro);
        assert_eq!(
            micro.map(timestamp),
            Some(Timestamp {
                seconds: 1,
                nanos: 1_000
            })
        );
        assert!(time(-62_135_596_800, 0).is_some() && time(253_402_300_799, 0).is_some());
        let invalid = [
            (1, -1),
            (1, 1_000_000_000),
            (-62_135_596_801, 0),
            (253_402_300_800, 0),
            (i64::MAX, 0),
        ];
        for (seconds, nanos) in invalid {
            assert_eq!(time(seconds, nanos), None, "{seconds}.{nanos}");
        }
    }
}
