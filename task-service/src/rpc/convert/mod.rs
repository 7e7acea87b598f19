//! Between protobuf and the domain, nowhere else.

mod answer;
mod batch;
mod field;
mod file;
mod label;
mod list;
mod mask;
mod recurrence;
mod request;
mod saved_filter;
mod search;
mod settings;
mod undo;

#[cfg(test)]
pub mod tests;

pub use answer::series;
pub use file::{file_part, imported_file};
pub use label::{category_id, label_page_token, tag_id};
pub use list::list_answer;
pub use recurrence::{first_occurrence, validate_rule};
pub use request::task_id;
pub use saved_filter::saved_filter_id;
pub use search::search_answer;
