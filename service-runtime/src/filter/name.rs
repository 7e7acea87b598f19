use unicode_normalization::UnicodeNormalization;

/// Name in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Name as written in the filter.
    pub given: String,
    /// Position in the filter, in characters, from 1.
    pub position: usize,
}

/// Name in the form in which names are compared: case-folded and in NFKC.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(String);

impl Name {
    /// Returns the name in the form in which names are compared.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.given)
    }
}

impl NameKey {
    /// Returns the key of a text, which need not be a valid name.
    pub fn of(text: &str) -> Self {
        let lower = text.trim().nfkc().collect::<String>().to_lowercase();
        // Lower case can undo the normal form: İ becomes i with a combining dot.
        Self(lower.nfkc().collect())
    }
}

impl AsRef<str> for NameKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
