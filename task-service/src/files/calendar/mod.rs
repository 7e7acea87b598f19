//! iCalendar (RFC 5545): the tasks of a calendar, its VTODO components.
//!
//! Lines are unfolded and the file is cut into components here, so that a broken one costs no other and every loss has its
//! line; what stands in a component, the library reads.

mod alarm;
mod component;
mod content_line;
mod date_time;
mod definition;
mod moment;
mod read;
#[cfg(test)]
mod tests;
mod todo;
mod unfold;
mod zone;

pub use read::read;
pub use unfold::Lines;
