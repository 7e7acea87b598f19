//! From the value of one part of a rule, in upper case ASCII, to its type.

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::rule_error::excerpt;
use super::{ByDay, Frequency, RuleError, Until};
use service_runtime::suggestion::did_you_mean_or_list;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

/// Frequencies of RFC 5545 that no task can have.
const TOO_FREQUENT: [&str; 3] = ["SECONDLY", "MINUTELY", "HOURLY"];

/// Reads the value of `FREQ`.
pub(super) fn frequency(value: &str) -> Result<Frequency, RuleError> {
    if let Some(frequency) = TOO_FREQUENT.into_iter().find(|known| *known == value) {
        return Err(RuleError::TooFrequent(frequency));
    }
    Frequency::ALL
        .into_iter()
        .find(|frequency| frequency.as_str() == value)
        .ok_or_else(|| RuleError::UnknownFrequency {
            value: excerpt(value),
            cure: did_you_mean_or_list(value, &Frequency::ALL.map(Frequency::as_str)),
        })
}

/// Reads a number from 1 to `max`.
pub(super) fn whole_number(part: &'static str, value: &str, max: i32) -> Result<i32, RuleError> {
    digits(value)
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| RuleError::WrongNumber {
            part,
            value: excerpt(value),
            allowed: format!("a whole number from 1 to {max}"),
        })
}

/// Reads a number from 1 to `max` or, counted from the end, from -1 to -`max`.
pub(super) fn signed_number(part: &'static str, value: &str, max: i32) -> Result<i32, RuleError> {
    let (sign, unsigned) = split_sign(value);
    digits(unsigned)
        .filter(|number| (1..=max).contains(number))
        .map(|number| sign * number)
        .ok_or_else(|| RuleError::WrongNumber {
            part,
            value: excerpt(value),
            allowed: format!(
                "whole numbers from 1 to {max}, or from -1 to -{max} to count from the end"
            ),
        })
}

/// Reads an hour, minute or second: a number from 0 to `max`.
pub(super) fn time_number(part: &'static str, value: &str, max: u32) -> Result<u32, RuleError> {
    digits(value)
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| *number <= max)
        .ok_or_else(|| RuleError::WrongNumber {
            part,
            value: excerpt(value),
            allowed: format!("whole numbers from 0 to {max}"),
        })
}

pub(super) fn weekday(part: &'static str, value: &str) -> Result<Weekday, RuleError> {
    WEEKDAYS
        .into_iter()
        .find_map(|(name, weekday)| (name == value).then_some(weekday))
        .ok_or_else(|| RuleError::UnknownWeekday {
            part,
            value: excerpt(value),
            cure: did_you_mean_or_list(value, &WEEKDAYS.map(|(name, _)| name)),
        })
}

/// Reads one value of `BYDAY`, such as `MO` or `-1FR`.
pub(super) fn by_day(part: &'static str, value: &str) -> Result<ByDay, RuleError> {
    let name = value.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let weekday = weekday(part, name)?;
    let nth = match value.strip_suffix(name) {
        None | Some("") => None,
        Some(number) => Some(signed_number(part, number, 53)?),
    };
    Ok(ByDay { nth, weekday })
}

/// Reads the value of `UNTIL`: a date, a local time, or an instant that ends in `Z`.
pub(super) fn until(value: &str) -> Result<Until, RuleError> {
    read_until(value).ok_or_else(|| RuleError::WrongUntil(excerpt(value)))
}

fn read_until(value: &str) -> Option<Until> {
    match value.split_once('T') {
        None => date(value).map(Until::Date),
        Some((day, time)) => match time.strip_suffix('Z') {
            None => local(day, time).map(Until::Local),
            Some(time) => local(day, time).map(|moment| Until::Instant(moment.and_utc())),
        },
    }
}

fn local(day: &str, time: &str) -> Option<NaiveDateTime> {
    let [hour, minute, second] = fields(time, [2, 2, 2])?;
    date(day)?.and_hms_opt(hour, minute, second)
}

fn date(day: &str) -> Option<NaiveDate> {
    let [year, month, day] = fields(day, [4, 2, 2])?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// Cuts digits into numbers of these widths; nothing may be left over.
fn fields(mut text: &str, widths: [usize; 3]) -> Option<[u32; 3]> {
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let (field, rest) = text.split_at_checked(width)?;
        *number = u32::try_from(digits(field)?).ok()?;
        text = rest;
    }
    text.is_empty().then_some(numbers)
}

fn split_sign(value: &str) -> (i32, &str) {
    match value.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, value.strip_prefix('+').unwrap_or(value)),
    }
}

/// Reads digits and nothing else: no sign, no space, no empty text.
fn digits(value: &str) -> Option<i32> {
    value
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| value.parse().ok())
        .flatten()
}
