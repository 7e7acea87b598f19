//! Rules that keep a task valid.

mod change;
mod changes;
mod details;
mod due;
mod due_after;
mod due_time;
mod etag;
pub mod filter;
#[cfg(test)]
pub mod fixtures;
mod ids;
pub mod limits;
mod links;
mod local_time;
mod name;
mod named;
mod order;
mod place;
mod priority;
mod recurrence;
mod reminder;
mod schedule;
pub mod search;
mod series;
mod settings;
mod state;
mod task;
mod text;
mod violations;

pub use service_runtime::{suggestion::nearest, time_zone::TimeZone};

pub use change::Change;
pub use changes::{DetailChanges, Edit, ScheduleChanges};
pub use details::Details;
pub use due::{Due, DueInput, parse_due_date};
pub use due_after::DueAfter;
pub use due_time::{DueTime, InvalidTime, check_time, parse_date};
pub use etag::Etag;
pub use ids::{CategoryId, OperationId, SeriesId, TagId, TaskId};
pub use links::{LabelRef, LinkChanges, Links, dependencies, tag_names};
pub use local_time::{InvalidLocalTime, LocalTime};
pub use name::{Name, NameKey};
pub use named::{Color, Content, FilterText, NamedChanges, NamedKind, NamedResource};
pub use order::{Order, OrderField, OrderKey};
pub use place::{KeyValue, Place};
pub use priority::Priority;
pub use recurrence::{Recurrence, RecurrenceAnchor, RecurrenceRule};
pub use reminder::{Reminder, Reminders};
pub use schedule::{Repetition, Schedule};
pub use search::SearchLanguage;
pub use series::{FirstOccurrence, Occurrence};
pub use settings::{Settings, SettingsChanges};
pub use state::TaskState;
pub use task::Task;
pub use text::{Description, Title};
pub use violations::Violations;
