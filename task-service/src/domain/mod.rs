//! What keeps a task valid.

mod change;
mod changes;
mod details;
mod due_time;
mod etag;
#[cfg(test)]
pub mod fixtures;
mod ids;
mod local_time;
mod priority;
mod recurrence;
mod reminder;
mod schedule;
mod series;
mod state;
mod suggestion;
mod task;
mod text;
mod time_zone;
mod violations;

pub use change::Change;
pub use changes::{DetailChanges, Edit, ScheduleChanges};
pub use details::Details;
pub use due_time::{DueTime, InvalidTime, moment, parse_time};
pub use etag::Etag;
pub use ids::{SeriesId, TaskId};
pub use local_time::LocalTime;
pub use priority::Priority;
pub use recurrence::{Recurrence, RecurrenceAnchor, RecurrenceRule};
pub use reminder::{Reminder, Reminders};
pub use schedule::{Repetition, Schedule};
pub use series::{FirstOccurrence, Occurrence};
pub use state::TaskState;
pub use suggestion::nearest;
pub use task::Task;
pub use text::{Description, Title};
pub use time_zone::TimeZone;
pub use violations::Violations;
