use calcard::common::PartialDateTime;
use chrono::{NaiveDate, TimeDelta};

use crate::files::task::When;

/// Reads a date, a local time or an instant.
pub fn when(value: &PartialDateTime) -> Option<When> {
    let date = NaiveDate::from_ymd_opt(value.year?.into(), value.month?.into(), value.day?.into())?;
    let Some(hour) = value.hour else {
        return Some(When::Date(date));
    };
    // A leap second is read as the one before it.
    let second = value.second.unwrap_or(0).min(59);
    let minute = value.minute.unwrap_or(0);
    let time = date.and_hms_opt(hour.into(), minute.into(), second.into())?;
    let Some(hours) = value.tz_hour else {
        return Some(When::Local(time));
    };
    let minutes = i64::from(hours) * 60 + i64::from(value.tz_minute.unwrap_or(0));
    let offset = TimeDelta::minutes(if value.tz_minus { -minutes } else { minutes });
    Some(When::Instant(time.checked_sub_signed(offset)?.and_utc()))
}
