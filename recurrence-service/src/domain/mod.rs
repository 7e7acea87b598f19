//! Recurrence rules: from text to dates, and from dates to instants in a time zone.

mod calendar;
mod day_filter;
mod expansion;
mod ids;
mod local_time;
mod proposal;
mod rule;
mod rule_error;
mod rule_grammar;
mod rule_limits;
mod rule_parts;
mod series;
mod series_error;

#[cfg(test)]
mod tests;

pub use ids::{SeriesId, TaskId};
pub use local_time::{format_local_time, parse_local_time};
pub use proposal::Proposal;
pub use rule::{ByDay, Ending, Frequency, Parts, RecurrenceRule, Until};
pub use rule_error::RuleError;
pub use series::{Anchor, DueAfter, Occurrence, Series};
pub use series_error::SeriesError;
pub use service_runtime::time_zone::TimeZone;
