use prost_types::Timestamp;
use taskmesh_proto::task::v1::{Priority, Task};

use super::{COMPLETED, TaskField};
use crate::clock::from_timestamp;
use crate::filter::{Comparison, Now, Record, Value};

impl Record<TaskField> for Task {
    fn value(&self, field: TaskField, now: &Now) -> Value<'_> {
        match field {
            TaskField::Title => Value::Text(&self.title),
            TaskField::Description => Value::Text(&self.description),
            TaskField::Priority => Value::Choice(match self.priority() {
                Priority::Low => 0,
                Priority::Unspecified | Priority::Medium => 1,
                Priority::High => 2,
                Priority::Urgent => 3,
            }),
            TaskField::State => Value::Choice(match self.complete_time {
                Some(_) => COMPLETED,
                None => 0,
            }),
            TaskField::Due => match self.due_date.parse() {
                Ok(date) => Value::Date(date),
                Err(_) => time(self.due_time),
            },
            TaskField::Start => time(self.start_time),
            TaskField::Create => time(self.create_time),
            TaskField::Update => time(self.update_time),
            TaskField::Complete => time(self.complete_time),
            TaskField::Tag => Value::Names(&self.tags),
            TaskField::Category if self.category.is_empty() => Value::Missing,
            TaskField::Category => Value::Names(std::slice::from_ref(&self.category)),
            TaskField::Parent => self
                .parent_task_id
                .parse()
                .map_or(Value::Missing, Value::Id),
            TaskField::Recurring => Value::Flag(!self.series_id.is_empty()),
            TaskField::Blocked => Value::Flag(!self.blocked_by.is_empty()),
            TaskField::Overdue => Value::Flag(
                self.complete_time.is_none() && {
                    let due = self.value(TaskField::Due, now);
                    due.compares(Comparison::Less, now.point())
                },
            ),
            TaskField::Muted => Value::Flag(self.muted),
        }
    }
}

fn time(time: Option<Timestamp>) -> Value<'static> {
    time.and_then(from_timestamp)
        .map_or(Value::Missing, Value::Time)
}
