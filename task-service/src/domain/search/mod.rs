//! Search: queries, and the tokens of texts.
//!
//! One tokenizer makes the tokens of tasks, queries, names and filters. No word is left out. A text is folded (case, accents,
//! compatibility forms, invisible characters), a stem stands beside its word, and scripts without spaces become pairs of characters.

mod highlight;
mod language;
mod parser;
mod pattern;
mod piece;
mod query;
mod script;
mod stemmer;
mod tokenizer;
mod typo;

pub use highlight::{excerpt, highlight};
pub use language::SearchLanguage;
pub use pattern::Pattern;
pub use query::{Branch, SearchQuery, Term};
pub use stemmer::Stemmer;
pub use tokenizer::{Kind, Token, tokenize};
pub use typo::{Typo, VOCABULARY_LENGTHS};
