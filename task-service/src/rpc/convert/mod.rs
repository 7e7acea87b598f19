//! Between protobuf and the domain, nowhere else.

mod answer;
mod field;
mod mask;
mod place;
mod recurrence;
mod request;

#[cfg(test)]
pub mod tests;

pub use answer::{list_answer, series, timestamp};
pub use field::instant;
pub use recurrence::{first_occurrence, validate_rule};
pub use request::task_id;
