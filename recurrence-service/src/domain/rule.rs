//! The recurrence rule as a type that cannot be wrong.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc, Weekday};

use super::{RuleError, rule_grammar, rule_limits};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// End of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It has no end.
    Never,
    /// After this many occurrences, 1 to 1000, counted from the first.
    Count(usize),
    /// With the last occurrence at or before this moment.
    Until(Until),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The whole of this day in the series' zone.
    Date(NaiveDate),
    /// This time in the series' zone.
    Local(NaiveDateTime),
    /// This instant.
    Instant(DateTime<Utc>),
}

/// One value of `BYDAY`: every such weekday, or the nth in its month or year (negative: from the end).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByDay {
    pub nth: Option<i32>,
    pub weekday: Weekday,
}

/// The parts of a rule as its text names them; a part that is absent is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub frequency: Frequency,
    /// 1 to 1000.
    pub interval: i32,
    pub ending: Ending,
    /// Monday if absent.
    pub week_start: Option<Weekday>,
    /// 1 to 12.
    pub months: Vec<i32>,
    /// ±1 to ±53, counted in weeks that start on `week_start`.
    pub week_numbers: Vec<i32>,
    /// ±1 to ±366.
    pub year_days: Vec<i32>,
    /// ±1 to ±31.
    pub month_days: Vec<i32>,
    pub days: Vec<ByDay>,
    /// 0 to 23.
    pub hours: Vec<u32>,
    /// 0 to 59.
    pub minutes: Vec<u32>,
    /// 0 to 59.
    pub seconds: Vec<u32>,
    /// ±1 to ±366.
    pub positions: Vec<i32>,
}

/// A recurrence rule (RFC 5545 RRULE) that has passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurrenceRule {
    parts: Parts,
}

impl RecurrenceRule {
    pub fn parts(&self) -> &Parts {
        &self.parts
    }
}

impl FromStr for RecurrenceRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let parts = rule_grammar::parse(text)?;
        rule_limits::check(&parts)?;
        Ok(Self { parts })
    }
}

impl From<Weekday> for ByDay {
    /// Makes it mean every such weekday.
    fn from(weekday: Weekday) -> Self {
        Self { nth: None, weekday }
    }
}

impl Frequency {
    /// Every frequency a rule may have.
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// Returns the word of RFC 5545.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
