use std::fmt;

/// Syntax error of a filter: its position, what was expected there, and a suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// Position in characters, from 1.
    pub position: usize,
    /// Text at the position.
    pub found: String,
    /// Description of the text that would be valid there.
    pub expected: String,
    /// Text that was probably meant.
    pub suggestion: Option<String>,
}

impl FilterError {
    /// Returns the error of finding one text where another was expected.
    pub fn new(position: usize, found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self {
            position,
            found: found.to_string(),
            expected: expected.to_string(),
            suggestion: None,
        }
    }

    /// Adds the text that was probably meant, if there is one.
    pub fn suggest(mut self, suggestion: Option<impl fmt::Display>) -> Self {
        self.suggestion = suggestion.map(|suggestion| suggestion.to_string());
        self
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            position,
            found,
            expected,
            suggestion,
        } = self;
        write!(formatter, "at character {position}: found {found}")?;
        // The suggestion comes first, because long messages are cut.
        match suggestion {
            Some(suggestion) => write!(
                formatter,
                "; did you mean {suggestion}? Expected {expected}"
            ),
            None => write!(formatter, ", expected {expected}"),
        }
    }
}

impl std::error::Error for FilterError {}
