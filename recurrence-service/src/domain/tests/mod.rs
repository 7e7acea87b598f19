//! The domain against RFC 5545, the calendar's odd corners, and two other ways to compute the same dates.

mod completion;
mod differential;
mod due_after;
mod fixtures;
mod hostile_rules;
mod month_ends;
mod oracle;
mod random_rules;
mod rfc_5545;
mod rrule_crate;
mod series_ends;
mod summer_time;
mod times_of_day;
mod wrong_rules;
