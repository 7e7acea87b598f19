//! Filters of lists, searches and exports.

pub use service_runtime::{
    filter::{Comparison, FilterError, Name, Now, Pattern, Point},
    task_filter::{COMPLETED, TaskField as Field, TaskFilter as Filter},
};

/// Expression in a filter.
pub type Expression = service_runtime::filter::Expression<Field>;
/// Comparison in a filter.
pub type Test = service_runtime::filter::Test<Field>;
