use unicode_normalization::UnicodeNormalization;

use super::folding::fold;
use super::{FilterError, token::Literal};

/// Text pattern, in NFC like stored texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Part of the text, ignoring case.
    Contains(String),
    /// The whole text.
    Equals(String),
    /// Prefix of the text.
    StartsWith(String),
    /// Suffix of the text.
    EndsWith(String),
}

impl Pattern {
    /// Parses the value after `:`. A star at either end changes nothing, because the text may continue there anyway.
    pub(super) fn contained(literal: &Literal) -> Self {
        let text = if literal.is_quoted {
            &literal.text
        } else {
            literal.text.trim_matches('*')
        };
        Self::Contains(text.nfc().collect())
    }

    /// Parses the value after `=`, in which a star at one end stands for any text.
    pub(super) fn equal(literal: &Literal, position: usize) -> Result<Self, FilterError> {
        let text = literal.text.as_str();
        let last = text.chars().count().saturating_sub(1);
        // A star is one byte.
        let (pattern, text): (fn(String) -> Self, _) = match literal.stars.as_slice() {
            [] => (Self::Equals, text),
            [star] if *star == last => (Self::StartsWith, &text[..text.len() - 1]),
            [0] => (Self::EndsWith, &text[1..]),
            [0, star] if *star == last => (Self::Contains, &text[1..text.len() - 1]),
            _ => {
                return Err(FilterError::new(
                    position,
                    literal,
                    "a text with * at its beginning or end only (write \\* for the character itself)",
                ));
            }
        };
        Ok(pattern(text.nfc().collect()))
    }

    /// Returns the text without its wildcards.
    pub fn text(&self) -> &str {
        match self {
            Self::Contains(text)
            | Self::Equals(text)
            | Self::StartsWith(text)
            | Self::EndsWith(text) => text,
        }
    }

    /// Returns whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => fold(text).contains(&fold(part)),
            Self::Equals(whole) => text == whole,
            Self::StartsWith(prefix) => text.starts_with(prefix),
            Self::EndsWith(suffix) => text.ends_with(suffix),
        }
    }
}
