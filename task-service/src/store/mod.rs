//! The tables of schema `task`, and all SQL of this service.

pub mod context;
pub mod export_page;
pub mod filter_condition;
pub mod filter_names;
pub mod hierarchy;
pub mod imported;
pub mod named;
mod occurrence;
pub mod operation_change;
#[cfg(test)]
mod plan_tests;
mod related;
pub mod schema;
pub mod search;
pub mod series;
pub mod settings;
pub mod task;
pub mod task_list;
mod task_reader;
mod task_row;
pub mod task_write;

pub use occurrence::find_following;
pub(crate) use service_runtime::postgres::Statement;
pub use task_reader::TaskReader;
pub use task_row::TaskRow;
