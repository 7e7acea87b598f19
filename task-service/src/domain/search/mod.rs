//! What a search asks for, in the words of the user.

mod parser;
mod query;
mod token;
mod typo;
mod words;

pub use query::{SearchQuery, Term};
pub use typo::Typo;
pub use words::{LONGER_WORDS, has_longer_words, plain, words_of};
