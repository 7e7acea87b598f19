//! Errors in the text of a rule. Each message names the part and the fix, in words that follow the field's name.

use super::Frequency;

/// The longest rule that is read, in bytes.
pub(super) const MAX_BYTES: usize = 512;

/// The largest number of occurrences on one day.
pub(super) const MAX_TIMES_A_DAY: usize = 24;

/// Error in the text of a recurrence rule, with the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// There is no rule.
    #[error("is empty; write a rule such as FREQ=WEEKLY;BYDAY=MO,TH")]
    Empty,
    /// The rule has this many bytes, more than any sensible rule has.
    #[error("is {0} bytes long; shorten it to at most {MAX_BYTES}")]
    TooLong(usize),
    /// A line break, which would begin another property in a calendar file.
    #[error("has a line break; write one rule in one line")]
    LineBreak,
    /// A space, a control character or one that is not ASCII, at this position counted from 1.
    #[error(
        "has a character that no rule can have, at position {0}; use only letters, digits and = ; , + - without spaces"
    )]
    ForeignCharacter(usize),
    /// There is no equals sign between two semicolons.
    #[error(
        "has {0:?}, which is not a part of a rule; write NAME=VALUE, with a semicolon between parts"
    )]
    NotAPart(String),
    /// A part that RFC 5545 does not know.
    #[error("has {name:?}, which no rule can have; {cure}")]
    UnknownPart { name: String, cure: String },
    /// A part that stands there more than once.
    #[error("has {0} twice; keep one, with its values separated by commas")]
    Repeated(&'static str),
    /// A part without a value.
    #[error("has {0} without a value; give it one or remove {0}")]
    EmptyValue(&'static str),
    /// BYHOUR, BYMINUTE and BYSECOND that name this many times of day.
    #[error(
        "has BYHOUR, BYMINUTE and BYSECOND for {0} times a day; name at most {MAX_TIMES_A_DAY} times"
    )]
    TooManyTimes(usize),
    /// The part that every rule needs.
    #[error("has no FREQ; add FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")]
    NoFrequency,
    /// A frequency that RFC 5545 does not know.
    #[error("has FREQ={value}, which is not a frequency; {cure}")]
    UnknownFrequency { value: String, cure: String },
    /// A frequency of RFC 5545 below a day.
    #[error(
        "has FREQ={0}, more often than a task can repeat; use DAILY, WEEKLY, MONTHLY or YEARLY"
    )]
    TooFrequent(&'static str),
    /// A value that is no number or not one of those allowed.
    #[error("has {value:?} in {part}; use {allowed}")]
    WrongNumber {
        part: &'static str,
        value: String,
        allowed: String,
    },
    /// A value that is no weekday.
    #[error("has {value:?} in {part}, which is not a weekday; {cure}")]
    UnknownWeekday {
        part: &'static str,
        value: String,
        cure: String,
    },
    /// A value of UNTIL that is no date, or one that the calendar does not have.
    #[error(
        "has {0:?} in UNTIL, which is not a date; write one such as 20301231, 20301231T170000 or 20301231T160000Z"
    )]
    WrongUntil(String),
    /// Two ends.
    #[error("has COUNT and UNTIL, which exclude each other; keep one of them")]
    CountAndUntil,
    /// A part that RFC 5545 does not allow with this frequency.
    #[error("has {part}, which cannot be used with FREQ={frequency}; {cure}")]
    WrongFrequency {
        part: &'static str,
        frequency: Frequency,
        cure: &'static str,
    },
    /// "The second Monday" of a week.
    #[error(
        "has BYDAY with a number, which cannot be used with BYWEEKNO; remove the number or BYWEEKNO"
    )]
    NumberedDayInWeek,
    /// BYSETPOS without any other BY part.
    #[error(
        "has BYSETPOS, which chooses among the dates of another BY part; add one, such as BYDAY, or remove BYSETPOS"
    )]
    PositionsOfNothing,
}

/// Returns as much of a wrong text as an error message needs to repeat.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 30;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
