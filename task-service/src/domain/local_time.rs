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

    /// Reads a local time. As people and models write them, it may have a space or a small `t` in the middle, and no seconds
    /// or fractions of zero.
    fn from_str(text: &str) -> Result<Self, InvalidLocalTime> {
        let whole = match text.split_once('.') {
            Some((whole, zeros))
                if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') =>
            {
                whole
            }
            Some(_) => return Err(InvalidLocalTime),
            None => text,
        };
        let mut normal = whole.replacen([' ', 't'], "T", 1);
        if normal.len() == "2026-12-01T09:00".len() {
            normal.push_str(":00");
        }
        let time = NaiveDateTime::parse_from_str(&normal, FORMAT).map_err(|_| InvalidLocalTime)?;
        // The parser also takes single digits and signs, of which it is not certain what they mean.
        if time.format(FORMAT).to_string() == normal {
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
    fn seconds_and_capital_t_may_be_left_out() {
        for text in [
            "2026-12-01T09:00:00",
            "2026-12-01T09:00",
            "2026-12-01 09:00:00",
            "2026-12-01 09:00",
            "2026-12-01t09:00:00",
            "2026-12-01t09:00",
            "2026-12-01T09:00:00.000",
        ] {
            let time = text.parse::<LocalTime>().unwrap();
            assert_eq!(time.to_string(), "2026-12-01T09:00:00", "{text}");
        }
        for other in [
            "",
            " ",
            "2026-12-01",
            "2026-12-01T",
            "2026-12-01T09",
            "2026-12-01T9:00:00",
            "2026-12-01T09:00Z",
            "2026-12-01T09:00:00Z",
            "2026-12-01T09:00+01:00",
            "2026-12-01T09:00:00+01:00",
            "2026-12-01T09:00:00.5",
            "2026-12-01T09:00:00.",
            "2026-12-01  09:00:00",
            "2026-12-01T25:00",
            "2026-13-01T09:00:00",
            "2026-02-30T09:00",
            "+2026-12-01T09:00:00",
            "日本語日本語日",
        ] {
            assert_eq!(other.parse::<LocalTime>(), Err(InvalidLocalTime), "{other}");
        }
    }
}
