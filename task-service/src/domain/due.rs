use chrono::{Datelike, NaiveDate};

use super::{DueTime, LocalTime, TimeZone, due_time::YEARS, parse_date};

/// When a task is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// At a moment.
    Time(DueTime),
    /// On a date, at no certain time of it.
    Date {
        /// The date.
        date: NaiveDate,
        /// The beginning of that day in the task's zone, which puts the task in order among others.
        begin: DueTime,
    },
}

/// When a task shall be due, as people say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueInput {
    /// At a moment.
    Time(DueTime),
    /// On a date.
    Date(NaiveDate),
    /// At a time on the clocks of the task's zone.
    Local(LocalTime),
}

impl Due {
    /// Returns the moment, for a date its beginning.
    pub fn time(self) -> DueTime {
        match self {
            Self::Time(time) => time,
            Self::Date { begin, .. } => begin,
        }
    }

    /// Returns the date, if that is all that is certain.
    pub fn date(self) -> Option<NaiveDate> {
        match self {
            Self::Time(_) => None,
            Self::Date { date, .. } => Some(date),
        }
    }

    /// Returns what it means in another zone: a date begins at another moment there.
    pub fn in_zone(self, zone: &TimeZone) -> Self {
        match self {
            Self::Time(_) => self,
            Self::Date { date, .. } => Self::Date {
                date,
                begin: zone.start_of(date),
            },
        }
    }
}

impl DueInput {
    /// Returns whether only a zone gives it a meaning.
    pub fn needs_zone(self) -> bool {
        !matches!(self, Self::Time(_))
    }

    /// Returns whether users may name it.
    pub fn is_in_bounds(self) -> bool {
        YEARS.contains(&match self {
            Self::Time(time) => time.year(),
            Self::Date(date) => date.year(),
            Self::Local(local) => local.naive().year(),
        })
    }

    /// Returns what it means in a zone.
    pub fn in_zone(self, zone: &TimeZone) -> Due {
        match self {
            Self::Time(time) => Due::Time(time),
            Self::Date(date) => Due::Date {
                date,
                begin: zone.start_of(date),
            },
            Self::Local(local) => Due::Time(zone.instant(local.naive())),
        }
    }
}

/// A text that is no date, or one out of bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a date between the years 1970 and 2200, such as 2026-12-01")]
pub struct InvalidDate;

/// Reads a date that a user names.
pub fn parse_due_date(text: &str) -> Result<DueInput, InvalidDate> {
    parse_date(text).map(DueInput::Date).ok_or(InvalidDate)
}
