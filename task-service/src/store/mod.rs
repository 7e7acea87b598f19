//! The tables of schema `task`, and all SQL of this service.

mod occurrence;
pub mod schema;
pub mod series;
pub mod task;
pub mod task_page;
mod task_row;

pub use occurrence::find_following;
