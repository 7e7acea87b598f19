use std::fmt;

/// Fields that the filters of one kind of record may name; an enum with one variant per field.
pub trait Field: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// All fields, in the order in which errors list them.
    const ALL: &'static [Self];
    /// Maximum length of a filter, in characters.
    const MAX_LENGTH: usize = 10_000;
    /// Maximum number of comparisons in a filter.
    const MAX_TESTS: usize = 200;
    /// Maximum depth of nested parentheses.
    const MAX_DEPTH: usize = 32;
    /// Field suggested for text that stands without a field.
    const TEXT: Option<Self> = None;

    /// Returns the field's name.
    fn word(self) -> &'static str;

    /// Returns the type of the field's values, which decides the operators.
    fn kind(self) -> Kind;

    /// Returns an example of a comparison with the field.
    fn example(self) -> &'static str;

    /// Returns the field with this name, or with a synonym that filters accept.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.word() == word)
    }

    /// Returns the field suggested for a name that filters do not accept, such as the name that another system uses.
    fn suggested_for(_word: &str) -> Option<Self> {
        None
    }

    /// Returns the comparison suggested for a word that stands alone, such as `state = open` for `open`.
    fn comparison_for(_word: &str) -> Option<String> {
        None
    }
}

/// Type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text: `=`, `!=`, and `:` for a part of it, ignoring case.
    Text,
    /// One of a few words: `=`, `!=` and `:`, and `<`, `<=`, `>`, `>=` if they are ordered.
    Choice {
        /// The words, lowest first.
        words: &'static [&'static str],
        /// Whether the words have an order.
        is_ordered: bool,
    },
    /// Date or time: all operators.
    Time,
    /// RFC 3339 time: all operators.
    Instant,
    /// Name that a user gave, compared ignoring case: `:`, `=` and `!=`.
    Name,
    /// UUID: `=`, `!=` and `:`.
    Id,
    /// `true` or `false`; the field alone means `true`.
    Flag,
}
