use service_runtime::words;

/// Recurrence of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recurrence {
    /// The dates.
    pub rule: RecurrenceRule,
    /// Anchor of the next occurrence.
    pub anchor: RecurrenceAnchor,
}

/// An RFC 5545 recurrence rule as the user gave it, never empty.
///
/// Only the recurrence-service can parse it; it is called before a series is created.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecurrenceRule(String);

impl RecurrenceRule {
    /// Takes the text; none if it is empty, which stands for a task that does not repeat.
    pub fn new(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// Returns whether the rule names times of day, which a task that is due on a date does not have.
    pub fn names_times(&self) -> bool {
        self.0.split(';').any(is_about_time)
    }

    /// Returns the rule without times of day; RFC 5545 has them ignored for dates. None if nothing is left.
    pub fn without_times(&self) -> Option<Self> {
        let parts = self.0.split(';').filter(|part| !is_about_time(part));
        Self::new(parts.collect::<Vec<_>>().join(";"))
    }
}

fn is_about_time(part: &str) -> bool {
    let part = part.trim_start().to_ascii_uppercase();
    let part = part.strip_prefix("RRULE:").unwrap_or(&part);
    ["BYHOUR=", "BYMINUTE=", "BYSECOND="]
        .iter()
        .any(|name| part.starts_with(name))
}

impl AsRef<str> for RecurrenceRule {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Date from which the next occurrence of a recurring task is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RecurrenceAnchor {
    /// The first date of the rule after now.
    #[default]
    Schedule,
    /// Interval and frequency of the rule, from the moment of completion.
    Completion,
}

words! { RecurrenceAnchor { Schedule = "schedule", Completion = "completion" } }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_found_and_left_out() {
        for (text, rest) in [
            ("FREQ=DAILY", None),
            (
                "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0",
                Some("FREQ=DAILY"),
            ),
            (
                "RRULE:byhour=9;FREQ=WEEKLY;BYDAY=MO",
                Some("FREQ=WEEKLY;BYDAY=MO"),
            ),
            ("FREQ=DAILY;byminute=30;COUNT=3", Some("FREQ=DAILY;COUNT=3")),
        ] {
            let rule = RecurrenceRule::new(text.to_owned()).unwrap();
            assert_eq!(rule.names_times(), rest.is_some(), "{text}");
            let without = rule.without_times().unwrap();
            assert_eq!(without.as_ref(), rest.unwrap_or(text));
        }
        let rule = RecurrenceRule::new("BYHOUR=9".to_owned()).unwrap();
        assert_eq!(rule.without_times(), None);
    }
}
