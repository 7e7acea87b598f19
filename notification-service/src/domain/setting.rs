//! Reminder settings and their times.

use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, Utc};

/// One wish to be reminded of a task. Written as `default`, `before:60` or `at:2026-12-01T07:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Setting {
    /// The user's default reminder, for a task without settings of its own.
    Default,
    /// This many minutes before the task is due.
    Before(i32),
    /// At a moment of its own.
    At(DateTime<Utc>),
}

/// A text that is no setting.
#[derive(Debug, thiserror::Error)]
#[error("not a reminder setting: neither \"default\" nor \"before:<minutes>\" nor \"at:<moment>\"")]
pub struct InvalidSetting;

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Before(minutes) => write!(formatter, "before:{minutes}"),
            Self::At(time) => write!(
                formatter,
                "at:{}",
                time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
            ),
        }
    }
}

impl FromStr for Setting {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        match text.split_once(':') {
            None if text == "default" => Ok(Self::Default),
            Some(("before", minutes)) => minutes
                .parse()
                .map(Self::Before)
                .map_err(|_| InvalidSetting),
            Some(("at", time)) => DateTime::parse_from_rfc3339(time)
                .map(|time| Self::At(time.to_utc()))
                .map_err(|_| InvalidSetting),
            _ => Err(InvalidSetting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_back_as_it_was_written() {
        let time = DateTime::parse_from_rfc3339("2026-12-01T08:00:00.000001+01:00").unwrap();
        for (setting, text) in [
            (Setting::Default, "default"),
            (Setting::Before(0), "before:0"),
            (Setting::Before(40320), "before:40320"),
            (Setting::At(time.to_utc()), "at:2026-12-01T07:00:00.000001Z"),
        ] {
            assert_eq!(setting.to_string(), text);
            assert_eq!(text.parse::<Setting>().unwrap(), setting);
        }
    }

    #[test]
    fn other_texts_are_no_settings() {
        for text in [
            "", "Default", "before:", "before:x", "at:", "at:noon", "after:5",
        ] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
    }
}
