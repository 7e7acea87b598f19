//! What a search asks for, in the words of the user.

mod parser;
mod query;
mod token;
mod typo;

pub use query::{SearchQuery, Term};
pub use typo::{Typo, words_of};
