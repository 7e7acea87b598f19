//! Where a client is in the stream of changes, how it carries that, and what it wants of them.

mod matching;
mod position;
mod resume_token;

pub use matching::Matching;
pub use position::Position;
pub use resume_token::TokenKeys;
