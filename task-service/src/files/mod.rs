//! Tasks in files: NDJSON and CSV, written and read, and iCalendar, read.
//!
//! Between the bytes of a file and plain values; whether a value makes a valid task, the import decides.

mod calendar;
mod cell;
mod contents;
mod csv;
mod export;
mod format;
mod identity;
#[cfg(test)]
mod limit_tests;
mod limits;
mod loss;
mod ndjson;
mod read;
mod record;
mod record_value;
mod task;
#[cfg(test)]
mod tests;

pub use contents::Contents;
#[cfg(test)]
pub use csv::COLUMNS;
pub use export::Writer;
pub use format::Format;
pub use identity::of_id as identity_of_id;
pub use loss::{Loss, Losses};
pub use read::read;
pub use task::{FileTask, When};
