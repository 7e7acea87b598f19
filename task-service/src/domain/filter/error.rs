use std::fmt;

/// Why a text is no filter, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The place of the fault: the number of a character, from 1.
    pub position: usize,
    /// What stands there.
    pub found: String,
    /// What could stand there.
    pub expected: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl FilterError {
    /// Returns the error of finding one thing where another was expected.
    pub fn new(position: usize, found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self {
            position,
            found: found.to_string(),
            expected: expected.to_string(),
            suggestion: None,
        }
    }

    /// Adds what was probably meant, if that is known.
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
        // What helps most comes first, for long messages are cut.
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
