//! Moments and days, as filters name them.

use chrono::{DateTime, NaiveDate, Utc};
use jiff::{Span, Timestamp, ToSpan, Zoned, civil::Date, tz};

use crate::domain::TimeZone;

const YEARS: std::ops::RangeInclusive<i16> = 1900..=2300;
/// Together they reach no farther than what the calendar can count.
pub const MOST_OFFSETS: usize = 8;
const FARTHEST_YEARS: i64 = 400;

/// A day or an instant, which may depend on when and where it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    anchor: Anchor,
    offsets: Vec<Offset>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Now,
    /// That many days after today.
    Day(i64),
    Date(Date),
    Instant(Timestamp),
}

/// A stretch of time, forward or back.
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

/// When and where a filter is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Now {
    here: Zoned,
}

/// A moment whose place in time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A whole day of the user.
    Day {
        /// Its date.
        date: NaiveDate,
        /// Its first moment.
        begin: DateTime<Utc>,
        /// The first moment of the day after.
        end: DateTime<Utc>,
    },
    /// An instant.
    Instant {
        /// When it is.
        time: DateTime<Utc>,
        /// The date on which it is for the user.
        date: NaiveDate,
    },
}

impl Now {
    /// Takes the time and the user's zone; a zone that the database has dropped counts as UTC.
    pub fn new(time: DateTime<Utc>, zone: &TimeZone) -> Self {
        let time = Timestamp::from_microsecond(time.timestamp_micros()).unwrap_or_default();
        Self {
            here: time.to_zoned(zone.rules()),
        }
    }

    /// Returns the time.
    pub fn time(&self) -> DateTime<Utc> {
        utc(self.here.timestamp())
    }

    /// Returns the user's date.
    pub fn today(&self) -> NaiveDate {
        naive(self.here.date())
    }
}

impl Moment {
    /// Reads a moment that one word names: `today`, `2026-12-01`, `2026-12-01T09:00:00+01:00`.
    pub fn parse(word: &str) -> Option<Self> {
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

    /// Moves it; returns none if it has been moved too often.
    pub fn moved(mut self, by: Offset) -> Option<Self> {
        self.offsets.push(by);
        (self.offsets.len() <= MOST_OFFSETS).then_some(self)
    }

    /// Finds its place in time.
    pub fn resolve(&self, now: &Now) -> Point {
        let zone = now.here.time_zone();
        let day = match self.anchor {
            Anchor::Now => None,
            Anchor::Day(days) => Some(add(now.here.date(), days.days())),
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
            (_, None) => now.here.clone(),
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
    /// Reads a stretch such as `7d`: m, h, d, w, mo or y.
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
        let is_near = count <= a_year * FARTHEST_YEARS;
        is_near.then_some(Self { count, unit })
    }

    /// Returns the same stretch in the other direction.
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

/// Returns the first moment of a day: where summer time begins at midnight, that is one o'clock.
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
