//! Positions of clients in the stream of changes, their resume tokens, and their filters.

mod matching;
mod position;
mod resume_token;

pub use matching::Matching;
pub use position::Position;
pub use resume_token::TokenKeys;
