//! The words of a task: titles and descriptions.

use unicode_normalization::UnicodeNormalization;

use super::limits::{DESCRIPTION as LONGEST_DESCRIPTION, TITLE as LONGEST_TITLE};

/// Title of a task: one line of 1 to 500 characters in NFC, not only spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

/// More about a task: up to 20 000 characters in NFC, on as many lines as it takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(String);

/// Invalid text, with a hint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing, or nothing but spaces.
    #[error("must not be empty; give a title of 1 to {LONGEST_TITLE} characters")]
    Empty,
    /// Nothing, or nothing but spaces, for a name.
    #[error("must not be empty; give a name of 1 to 100 characters")]
    EmptyName,
    /// More characters than the field takes.
    #[error("has {length} characters; shorten it to {longest} or fewer")]
    TooLong {
        /// The length given, in Unicode scalar values after NFC.
        length: usize,
        /// The greatest length allowed.
        longest: usize,
    },
    /// A character that cannot be seen.
    #[error("has the control character U+{:04X} at character {position}; remove it", u32::from(*.character))]
    Control {
        /// The character at fault.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
}

impl Title {
    /// Checks and normalises a title.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text: String = text.nfc().collect();
        if text.trim().is_empty() {
            return Err(InvalidText::Empty);
        }
        check(&text, LONGEST_TITLE, |_| false)?;
        Ok(Self(text))
    }
}

impl Description {
    /// Checks and normalises a description; line ends become `\n`.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text: String = text.replace("\r\n", "\n").nfc().collect();
        check(&text, LONGEST_DESCRIPTION, |character| {
            matches!(character, '\n' | '\t')
        })?;
        Ok(Self(text))
    }
}

/// Checks the length and the characters of a text in NFC.
pub(super) fn check(
    text: &str,
    longest: usize,
    is_layout: impl Fn(char) -> bool,
) -> Result<(), InvalidText> {
    let mut length = 0;
    for character in text.chars() {
        length += 1;
        if character.is_control() && !is_layout(character) {
            return Err(InvalidText::Control {
                character,
                position: length,
            });
        }
    }
    if length > longest {
        return Err(InvalidText::TooLong { length, longest });
    }
    Ok(())
}

/// Implements what the types of checked texts have in common.
macro_rules! checked_text {
    ($($text:ident),*) => {$(
        impl $text {
            /// Takes a text that was checked before it was stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl AsRef<str> for $text {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $text {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

checked_text!(Title, Description);
pub(super) use checked_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_one_to_five_hundred_characters() {
        assert_eq!(Title::parse(""), Err(InvalidText::Empty));
        assert!(Title::parse("x").is_ok());
        assert!(Title::parse(&"ß".repeat(500)).is_ok());
        assert_eq!(
            Title::parse(&"ß".repeat(501)),
            Err(InvalidText::TooLong {
                length: 501,
                longest: 500
            })
        );
    }

    #[test]
    fn a_title_of_spaces_is_empty() {
        assert_eq!(Title::parse(" \u{a0}\u{2003}\t\n"), Err(InvalidText::Empty));
    }

    #[test]
    fn the_spaces_around_a_title_stay() {
        assert_eq!(Title::parse(" milk ").unwrap().as_ref(), " milk ");
    }

    #[test]
    fn characters_are_counted_after_composition() {
        let decomposed = "e\u{301}".repeat(500);
        assert_eq!(Title::parse(&decomposed).unwrap().as_ref(), "é".repeat(500));
    }

    #[test]
    fn a_control_character_in_a_title_is_refused_with_its_place() {
        for character in ['\0', '\n', '\t', '\u{7f}', '\u{85}'] {
            assert_eq!(
                Title::parse(&format!("ab{character}c")),
                Err(InvalidText::Control {
                    character,
                    position: 3
                })
            );
        }
        assert_eq!(
            Title::parse("a\u{7}").unwrap_err().to_string(),
            "has the control character U+0007 at character 2; remove it"
        );
    }

    #[test]
    fn a_description_keeps_its_lines_and_tabs() {
        assert_eq!(
            Description::parse("one\r\n\ttwo\nthree").unwrap().as_ref(),
            "one\n\ttwo\nthree"
        );
        assert!(Description::parse("").is_ok());
    }

    #[test]
    fn a_description_refuses_other_control_characters() {
        for text in ["a\rb", "a\0b", "a\u{1b}[31m"] {
            assert!(matches!(
                Description::parse(text),
                Err(InvalidText::Control { position: 2, .. })
            ));
        }
    }

    #[test]
    fn a_description_has_at_most_twenty_thousand_characters() {
        assert!(Description::parse(&"日".repeat(20_000)).is_ok());
        assert_eq!(
            Description::parse(&"日".repeat(20_001)),
            Err(InvalidText::TooLong {
                length: 20_001,
                longest: 20_000
            })
        );
    }
}
