//! Local times as text: `2026-12-01T09:00:00`.

use chrono::{NaiveDateTime, Timelike};

const FORMAT: &str = "%Y-%m-%dT%H:%M:%S";

/// Writes a local time in whole seconds.
pub fn format_local_time(time: NaiveDateTime) -> String {
    time.format(FORMAT).to_string()
}

/// Reads a local time; only what [`format_local_time`] writes is accepted.
pub fn parse_local_time(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, FORMAT)
        .ok()
        // Chrono keeps a leap second as too many nanoseconds.
        .filter(|time| time.nanosecond() == 0 && format_local_time(*time) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_has_one_spelling() {
        let text = "2026-12-01T09:00:00";
        let time = parse_local_time(text).unwrap();
        assert_eq!(format_local_time(time), text);
        for wrong in [
            "",
            " 2026-12-01T09:00:00",
            "2026-12-1T09:00:00",
            "2026-12-01T09:00:60",
            "2026-12-01T09:00:00Z",
            "2026-02-30T09:00:00",
            "+2026-12-01T09:00:00",
        ] {
            assert_eq!(parse_local_time(wrong), None, "{wrong:?}");
        }
    }
}
