//! The data set that is measured: as many tasks as a large mesh has, of a few users with many and many with a few, made up
//! from a seed, so that every machine measures the same.

mod copy;
mod marker;
mod rng;
mod search_index;
mod seeding;
mod sizes;
mod statistics;
mod task;
mod users;
mod vocabulary;
mod zipf;

pub use copy::{category_name, tag_name};
pub use rng::Rng;
pub use seeding::{prepare, remove_users, vacuum};
pub use sizes::Sizes;
pub use statistics::Statistics;
pub use task::{Draft, Drafts, Priority};
pub use users::{User, Users};
