//! Plain things for unit tests.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Description, Details, Priority, Schedule, Task, Title};

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
    Task::new(id, user_id, details, Schedule::default(), None, moment())
}
