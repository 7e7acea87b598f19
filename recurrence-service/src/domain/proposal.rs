//! Proposed series.

use chrono::{DateTime, Datelike, Utc};

use super::series_error::{MAX_START_YEAR, MIN_START_YEAR};
use super::{Anchor, RecurrenceRule, Series, SeriesError, TimeZone};

/// Proposed series.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub rule: RecurrenceRule,
    /// The zone in which the rule is read.
    pub time_zone: TimeZone,
    /// Proposed start.
    pub start_time: DateTime<Utc>,
    /// Origin of its dates.
    pub anchor: Anchor,
}

impl Proposal {
    /// Creates the series.
    pub fn series(self) -> Result<Series, SeriesError> {
        let start = self.time_zone.local(self.start_time);
        if !(MIN_START_YEAR..=MAX_START_YEAR).contains(&start.year()) {
            return Err(SeriesError::StartOutOfRange(start.year()));
        }
        Series::new(&self.rule, self.time_zone, start, self.anchor)
    }
}
