/// How a task repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recurrence {
    /// The dates.
    pub rule: RecurrenceRule,
    /// What the next occurrence is counted from.
    pub anchor: RecurrenceAnchor,
}

/// An RFC 5545 recurrence rule as the user gave it, never empty.
///
/// What it means, and whether it means anything, only the recurrence-service knows; it is asked before a series is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecurrenceRule(String);

impl RecurrenceRule {
    /// Takes the text; none if it is empty, which stands for a task that does not repeat.
    pub fn new(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }
}

impl AsRef<str> for RecurrenceRule {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// What the next occurrence of a recurring task is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RecurrenceAnchor {
    /// The first date of the rule after now.
    #[default]
    Schedule,
    /// Interval and frequency of the rule, from the moment of completion.
    Completion,
}

impl RecurrenceAnchor {
    /// Returns its word, as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Completion => "completion",
        }
    }

    /// Returns the anchor that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Schedule, Self::Completion]
            .into_iter()
            .find(|anchor| anchor.word() == word)
    }
}
