use unicode_normalization::UnicodeNormalization;

use super::{FilterError, token::Literal};

/// What a text is compared with, in NFC as texts are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// It contains this, whatever the case of the letters.
    Contains(String),
    /// It is exactly this.
    Equals(String),
    /// It begins with this.
    StartsWith(String),
    /// It ends with this.
    EndsWith(String),
}

/// A part of a text is worth looking for in words from so many characters on.
const SHORTEST_PART: usize = 3;
/// Longer parts are cut: what contains a text contains its beginning.
const LONGEST_PART: usize = 40;

impl Pattern {
    /// Returns the longest piece of letters and digits, in lower case, that every text has in one word which this matches; none
    /// if that would be short or has other letters than ASCII's, of which databases differ in what they take for equal.
    pub fn part_of_word(&self) -> Option<String> {
        let (Self::Contains(text)
        | Self::Equals(text)
        | Self::StartsWith(text)
        | Self::EndsWith(text)) = self;
        let pieces = text.split(|character: char| !character.is_ascii_alphanumeric());
        let longest = pieces.max_by_key(|piece| piece.len())?;
        let part = &longest[..longest.len().min(LONGEST_PART)];
        (part.len() >= SHORTEST_PART).then(|| part.to_ascii_lowercase())
    }

    /// Reads what follows `:`; a star means nothing there, for the text may go on at both ends anyway.
    pub fn contained(literal: &Literal) -> Self {
        let text = if literal.is_quoted {
            &literal.text
        } else {
            literal.text.trim_matches('*')
        };
        Self::Contains(text.nfc().collect())
    }

    /// Reads what follows `=`, in which a star at one end stands for any text.
    pub fn equal(literal: &Literal, position: usize) -> Result<Self, FilterError> {
        let last = literal.text.chars().count().saturating_sub(1);
        match literal.stars.as_slice() {
            [] => Ok(Self::Equals(literal.text.nfc().collect())),
            [star] if *star == last => {
                let text = literal.text.strip_suffix('*').unwrap_or(&literal.text);
                Ok(Self::StartsWith(text.nfc().collect()))
            }
            [0] => {
                let text = literal.text.strip_prefix('*').unwrap_or(&literal.text);
                Ok(Self::EndsWith(text.nfc().collect()))
            }
            [0, star] if *star == last => {
                let text = literal.text.strip_prefix('*').unwrap_or(&literal.text);
                let text = text.strip_suffix('*').unwrap_or(text);
                Ok(Self::Contains(text.nfc().collect()))
            }
            _ => Err(FilterError::new(
                position,
                literal,
                "a text with * at its beginning or end only (write \\* for the character itself)",
            )),
        }
    }
}
