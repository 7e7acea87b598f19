//! The values of a record, in every form that they are written in.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};

use crate::domain::{Priority, RecurrenceAnchor, Reminder};

const LOCAL_FORMS: [&str; 4] = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
];

/// Fault of a value.
pub type Complaint = &'static str;

/// Reads a priority: `PRIORITY_HIGH`, `high` or `3`; none if it is not stated.
pub fn priority(text: &str) -> Result<Option<Priority>, Complaint> {
    match word(text, "priority_").as_str() {
        "" | "unspecified" | "0" => Ok(None),
        "1" => Ok(Some(Priority::Low)),
        "2" => Ok(Some(Priority::Medium)),
        "3" => Ok(Some(Priority::High)),
        "4" => Ok(Some(Priority::Urgent)),
        word => Priority::from_word(word)
            .map(Some)
            .ok_or("is not low, medium, high or urgent"),
    }
}

/// Reads a state: `TASK_STATE_COMPLETED`, `completed` or `2`; none if it is not stated.
pub fn is_completed(text: &str) -> Result<Option<bool>, Complaint> {
    match word(text, "task_state_").as_str() {
        "" | "unspecified" | "0" => Ok(None),
        "open" | "1" | "not started" | "needs-action" | "todo" => Ok(Some(false)),
        "completed" | "2" | "complete" | "done" => Ok(Some(true)),
        _ => Err("is not open or completed"),
    }
}

/// Reads an anchor: `RECURRENCE_ANCHOR_COMPLETION`, `completion` or `2`; none if it is not stated.
pub fn anchor(text: &str) -> Result<Option<RecurrenceAnchor>, Complaint> {
    match word(text, "recurrence_anchor_").as_str() {
        "" | "unspecified" | "0" => Ok(None),
        "1" => Ok(Some(RecurrenceAnchor::Schedule)),
        "2" => Ok(Some(RecurrenceAnchor::Completion)),
        word => RecurrenceAnchor::from_word(word)
            .map(Some)
            .ok_or("is not schedule or completion"),
    }
}

/// Reads yes or no.
pub fn flag(text: &str) -> Result<bool, Complaint> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "false" | "no" | "0" => Ok(false),
        "true" | "yes" | "1" => Ok(true),
        _ => Err("is not true or false"),
    }
}

/// Reads a date.
pub fn date(text: &str) -> Result<NaiveDate, Complaint> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
        .map_err(|_| "is not a date such as 2026-12-01")
}

/// Reads a time without an offset.
pub fn local_time(text: &str) -> Result<NaiveDateTime, Complaint> {
    LOCAL_FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
        .ok_or("is not a local time such as 2026-12-01T09:00:00")
}

/// Reads a time with an offset, in microseconds.
pub fn instant(text: &str) -> Result<DateTime<Utc>, Complaint> {
    let time = DateTime::parse_from_rfc3339(text.trim())
        .map_err(|_| "is not a time with an offset such as 2026-12-01T09:00:00+01:00")?
        .to_utc();
    let microseconds = time.nanosecond() / 1_000 * 1_000;
    Ok(time.with_nanosecond(microseconds).unwrap_or(time))
}

/// Reads a reminder: a number of minutes before the due time, or a moment.
pub fn reminder(text: &str) -> Result<Reminder, Complaint> {
    let text = text.trim();
    match text.parse() {
        Ok(minutes) => Ok(Reminder::MinutesBeforeDue(minutes)),
        Err(_) => instant(text).map(Reminder::AtTime).map_err(
            |_| "is neither a number of minutes before the due time nor a time with an offset",
        ),
    }
}

fn word(text: &str, prefix: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix(prefix).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_the_form_of_the_contract_and_in_short() {
        for text in ["PRIORITY_HIGH", "high", "High", " HIGH ", "3"] {
            assert_eq!(priority(text), Ok(Some(Priority::High)), "{text}");
        }
        assert_eq!(priority(""), Ok(None));
        assert!(priority("highest").is_err());
        assert_eq!(is_completed("TASK_STATE_COMPLETED"), Ok(Some(true)));
        assert_eq!(is_completed("open"), Ok(Some(false)));
        assert_eq!(
            anchor("RECURRENCE_ANCHOR_COMPLETION"),
            Ok(Some(RecurrenceAnchor::Completion))
        );
    }

    #[test]
    fn times_are_read_with_and_without_an_offset() {
        let time = instant("2026-12-01T09:00:00.123456789+01:00").unwrap();
        assert_eq!(time.to_rfc3339(), "2026-12-01T08:00:00.123456+00:00");
        assert!(instant("2026-12-01T09:00:00").is_err());
        assert!(local_time("2026-12-01 09:00").is_ok());
        assert!(local_time("2026-12-01T09:00:00Z").is_err());
        assert!(date("01.12.2026").is_err());
    }

    #[test]
    fn a_reminder_is_a_number_or_a_moment() {
        assert_eq!(reminder("30"), Ok(Reminder::MinutesBeforeDue(30)));
        assert!(matches!(
            reminder("2026-12-01T08:00:00Z"),
            Ok(Reminder::AtTime(_))
        ));
        assert!(reminder("soon").is_err());
    }
}
