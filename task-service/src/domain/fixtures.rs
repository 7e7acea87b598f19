//! Plain things for unit tests.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Description, Details, Links, OperationId, Priority, Schedule, Task, Title};

/// Returns some moment.
pub fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Returns a task with a title and nothing else.
pub fn task() -> Task {
    let details = Details {
        title: Title::parse("Water the plants").unwrap(),
        description: Description::default(),
        priority: Priority::default(),
        muted: false,
    };
    let id = Uuid::from_u128(1).into();
    let user_id = "alice".parse().unwrap();
    let (schedule, links) = (Schedule::default(), Links::default());
    Task::new(id, user_id, details, schedule, links, None, moment())
}

/// Returns some operation.
pub fn operation_id() -> OperationId {
    Uuid::from_u128(9).into()
}
