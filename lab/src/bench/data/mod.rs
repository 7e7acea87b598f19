//! Data set: the tasks of a few large users and of many small ones, drawn from a seed.

mod seeding;
mod vocabulary;
mod words;

pub use seeding::{Sizes, User, open, remove_users, vacuum};
pub use vocabulary::{Draft, Vocabulary};
pub use words::Words;
