//! Operations of this service, one a file.

mod preview_occurrences;
mod validate_rule;

pub use preview_occurrences::preview_occurrences;
pub use validate_rule::{FirstAndLast, validate_rule};
