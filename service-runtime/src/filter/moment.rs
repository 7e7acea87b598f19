//! Dates and times in filters.

use chrono::{DateTime, NaiveDate, Utc};
use jiff::{Span, Timestamp, ToSpan, Zoned, civil::Date, tz};

use super::Comparison;
use crate::time_zone::TimeZone;

const YEARS: std::ops::RangeInclusive<i16> = 1900..=2300;
/// Maximum number of offsets; together they stay within the range of the calendar.
const MAX_OFFSETS: usize = 8;
const MAX_OFFSET_YEARS: i64 = 400;

/// Day or instant, possibly relative to the current time and the user's time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    anchor: Anchor,
    offsets: Vec<Offset>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Now,
    /// Days after today.
    Day(i64),
    Date(Date),
    Instant(Timestamp),
}

/// Duration added to a moment, or subtracted from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    count: i64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Time and time zone at which a filter is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Now {
    zoned: Zoned,
}

/// Resolved moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Day in the user's time zone.
    Day {
        /// Date.
        date: NaiveDate,
        /// First instant of the day.
        begin: DateTime<Utc>,
        /// First instant of the next day.
        end: DateTime<Utc>,
    },
    /// Instant.
    Instant {
        /// Time.
        time: DateTime<Utc>,
        /// Date of the instant in the user's time zone.
        date: NaiveDate,
    },
}

impl Now {
    /// Combines a time with the user's time zone; a zone that the time zone database no longer has counts as UTC.
    pub fn new(time: DateTime<Utc>, zone: &TimeZone) -> Self {
        let time = Timestamp::from_microsecond(time.timestamp_micros()).unwrap_or_default();
        Self {
            zoned: time.to_zoned(zone.rules()),
        }
    }

    /// Returns the time in UTC.
    pub fn time(&self) -> DateTime<Utc> {
        utc(self.zoned.timestamp())
    }

    /// Returns the current instant.
    pub fn point(&self) -> Point {
        Point::Instant {
            time: self.time(),
            date: self.today(),
        }
    }

    /// Returns the current date in the user's time zone.
    fn today(&self) -> NaiveDate {
        naive(self.zoned.date())
    }
}

impl Point {
    /// Returns the date in the user's time zone.
    pub fn date(self) -> NaiveDate {
        match self {
            Self::Day { date, .. } | Self::Instant { date, .. } => date,
        }
    }

    /// Returns the comparisons with instants that make up a comparison with this point: every instant of a day equals the day.
    pub fn bounds(self, comparison: Comparison) -> Vec<(Comparison, DateTime<Utc>)> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        match (self, comparison) {
            (Self::Instant { time, .. }, comparison) => vec![(comparison, time)],
            (Self::Day { begin, .. }, Less) => vec![(Less, begin)],
            (Self::Day { end, .. }, LessOrEqual) => vec![(Less, end)],
            (Self::Day { end, .. }, Greater) => vec![(GreaterOrEqual, end)],
            (Self::Day { begin, .. }, GreaterOrEqual) => vec![(GreaterOrEqual, begin)],
            (Self::Day { begin, end, .. }, Equal) => vec![(GreaterOrEqual, begin), (Less, end)],
        }
    }
}

impl Moment {
    /// Parses a single word: `today`, `2026-12-01`, `2026-12-01T09:00:00+01:00`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let anchor = match word {
            "now" => Anchor::Now,
            "today" => Anchor::Day(0),
            "tomorrow" => Anchor::Day(1),
            "yesterday" => Anchor::Day(-1),
            word if word.len() == "2026-12-01".len() => {
                Anchor::Date(word.parse().ok().filter(|date: &Date| in_range(*date))?)
            }
            word => {
                let instant: Timestamp = word.parse().ok()?;
                let date = instant.to_zoned(tz::TimeZone::UTC).date();
                Anchor::Instant(Some(instant).filter(|_| in_range(date))?)
            }
        };
        Some(Self {
            anchor,
            offsets: Vec::new(),
        })
    }

    /// Returns whether the moment is an RFC 3339 time.
    pub(super) fn is_instant(&self) -> bool {
        matches!(self.anchor, Anchor::Instant(_))
    }

    /// Adds an offset; returns none if there are too many.
    pub(super) fn moved(mut self, by: Offset) -> Option<Self> {
        self.offsets.push(by);
        (self.offsets.len() <= MAX_OFFSETS).then_some(self)
    }

    /// Resolves a relative moment.
    pub fn resolve(&self, now: &Now) -> Point {
        let zone = now.zoned.time_zone();
        let day = match self.anchor {
            Anchor::Now => None,
            Anchor::Day(days) => Some(add(now.zoned.date(), days.days())),
            Anchor::Date(date) => Some(date),
            Anchor::Instant(_) => None,
        };
        let is_fine = |offset: &Offset| matches!(offset.unit, Unit::Minute | Unit::Hour);
        if let Some(day) = day
            && !self.offsets.iter().any(is_fine)
        {
            let day = self.offsets.iter().fold(day, |day, by| add(day, by.span()));
            return Point::Day {
                date: naive(day),
                begin: begin(day, zone),
                end: begin(add(day, 1.day()), zone),
            };
        }
        let start = match (self.anchor, day) {
            (Anchor::Instant(time), _) => time.to_zoned(zone.clone()),
            (_, Some(day)) => Timestamp::from_microsecond(begin(day, zone).timestamp_micros())
                .unwrap_or_default()
                .to_zoned(zone.clone()),
            (_, None) => now.zoned.clone(),
        };
        let moved = self.offsets.iter().fold(start, |time, by| {
            time.checked_add(by.span()).unwrap_or(time)
        });
        Point::Instant {
            time: utc(moved.timestamp()),
            date: naive(moved.date()),
        }
    }
}

impl Offset {
    /// Parses a duration such as `7d`: m, h, d, w, mo or y.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let (unit, a_year) = match unit {
            "m" | "min" => (Unit::Minute, 366 * 24 * 60),
            "h" => (Unit::Hour, 366 * 24),
            "d" => (Unit::Day, 366),
            "w" => (Unit::Week, 53),
            "mo" => (Unit::Month, 12),
            "y" => (Unit::Year, 1),
            _ => return None,
        };
        let count: i64 = count.parse().ok()?;
        let is_near = count <= a_year * MAX_OFFSET_YEARS;
        is_near.then_some(Self { count, unit })
    }

    /// Returns the negated offset.
    pub fn back(self) -> Self {
        Self {
            count: -self.count,
            ..self
        }
    }

    fn span(self) -> Span {
        match self.unit {
            Unit::Minute => self.count.minutes(),
            Unit::Hour => self.count.hours(),
            Unit::Day => self.count.days(),
            Unit::Week => self.count.weeks(),
            Unit::Month => self.count.months(),
            Unit::Year => self.count.years(),
        }
    }
}

fn in_range(date: Date) -> bool {
    YEARS.contains(&date.year())
}

fn add(date: Date, span: Span) -> Date {
    date.checked_add(span).unwrap_or(date)
}

/// Returns the first instant of a day, which is 01:00 where daylight saving time begins at midnight.
fn begin(date: Date, zone: &tz::TimeZone) -> DateTime<Utc> {
    date.to_zoned(zone.clone())
        .and_then(|midnight| midnight.start_of_day())
        .map_or_else(
            |_| naive(date).and_time(chrono::NaiveTime::MIN).and_utc(),
            |begin| utc(begin.timestamp()),
        )
}

fn naive(date: Date) -> NaiveDate {
    NaiveDate::from_ymd_opt(
        date.year().into(),
        date.month().unsigned_abs().into(),
        date.day().unsigned_abs().into(),
    )
    .expect("both calendars have the same dates")
}

fn utc(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.as_microsecond())
        .expect("chrono counts farther than jiff does")
}
