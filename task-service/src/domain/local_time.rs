use std::{fmt, str::FromStr};

use chrono::NaiveDateTime;

const FORMAT: &str = "%Y-%m-%dT%H:%M:%S";

/// A time on the wall clock of some zone, such as `2026-12-01T09:00:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(NaiveDateTime);

/// A text that is no local time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a local time such as 2026-12-01T09:00:00, without an offset")]
pub struct InvalidLocalTime;

impl LocalTime {
    /// Returns the time without its name.
    pub fn naive(self) -> NaiveDateTime {
        self.0
    }
}

impl From<NaiveDateTime> for LocalTime {
    fn from(time: NaiveDateTime) -> Self {
        Self(time)
    }
}

impl FromStr for LocalTime {
    type Err = InvalidLocalTime;

    fn from_str(text: &str) -> Result<Self, InvalidLocalTime> {
        let time = NaiveDateTime::parse_from_str(text, FORMAT).map_err(|_| InvalidLocalTime)?;
        // The parser also takes shorter spellings, which would make two names of one occurrence.
        if time.format(FORMAT).to_string() == text {
            Ok(Self(time))
        } else {
            Err(InvalidLocalTime)
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.format(FORMAT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_has_one_spelling() {
        let text = "2026-12-01T09:00:00";
        assert_eq!(text.parse::<LocalTime>().unwrap().to_string(), text);
        for other in [
            "",
            "2026-12-01",
            "2026-12-01T9:00:00",
            "2026-12-01T09:00:00Z",
            "2026-12-01T09:00:00+01:00",
            "2026-12-01 09:00:00",
            "2026-13-01T09:00:00",
            "+2026-12-01T09:00:00",
        ] {
            assert_eq!(other.parse::<LocalTime>(), Err(InvalidLocalTime), "{other}");
        }
    }
}
