pub use service_runtime::filter::NameKey;
use unicode_normalization::UnicodeNormalization;

use super::{
    limits::NAME as LONGEST,
    text::{InvalidText, check, checked_text},
};

/// Name of a category, tag or saved filter: one line of 1 to 100 characters in NFC, without spaces around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks and normalises a name.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            return Err(InvalidText::EmptyName);
        }
        check(&text, LONGEST, |_| false)?;
        Ok(Self(text))
    }

    /// Returns the name as it is compared.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

checked_text!(Name);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_to_a_hundred_characters_between_its_spaces() {
        assert_eq!(Name::parse(" home ").unwrap().as_ref(), "home");
        assert!(Name::parse(&"ß".repeat(100)).is_ok());
        assert!(Name::parse(&"ß".repeat(101)).is_err());
        assert_eq!(Name::parse("  "), Err(InvalidText::EmptyName));
        assert!(Name::parse("a\nb").is_err());
    }

    #[test]
    fn names_match_in_any_case_and_unicode_form() {
        for (one, other) in [
            ("Home", "hOME"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("ﬁnance", "Finance"),
            ("ÄRGER", "ärger"),
        ] {
            assert_eq!(NameKey::of(one), NameKey::of(other), "{one}");
        }
        assert_ne!(NameKey::of("home"), NameKey::of("homes"));
    }
}
