//! Index of the words of all tasks.
//!
//! A task has one row in `search_documents`: its tokens as a `tsvector`, each behind the key of its user, in one GIN index. So the
//! postings of a token belong to one user, and a search reads no row of another one.

mod document;
mod find;
mod index;
mod pending_words;
#[cfg(test)]
mod plan_tests;
mod tsquery;
mod vocabulary;

pub use document::label_token;
pub use find::{BEST_LEVEL, Found, LEVELS, Matching, find, push_documents, push_query, sizes};
pub use index::{clean, index, index_again};
pub use pending_words::PendingWords;
pub use tsquery::{Levels, TsQuery, UserKey};
pub use vocabulary::{containing, near};
