use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use super::{Order, OrderField, Task, TaskId};

/// Cursor in an ordered list: the keys of a task, after which the list continues even if the task is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The value of each key of the order.
    pub keys: Vec<KeyValue>,
    /// The task.
    pub id: TaskId,
}

/// A value that lists are ordered by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyValue {
    /// Value that the task does not have.
    Absent(()),
    /// A number: a rank, or a time in microseconds.
    Number(i64),
    /// A text.
    Text(String),
}

impl Place {
    /// Returns the place of a task.
    pub fn of(task: &Task, order: &Order) -> Self {
        let keys = order.keys().iter();
        Self {
            keys: keys.map(|key| KeyValue::of(task, key.field)).collect(),
            id: task.id,
        }
    }

    /// Returns whether it can be a place in a list of this order.
    pub fn fits(&self, order: &Order) -> bool {
        self.keys.len() == order.keys().len()
            && order
                .keys()
                .iter()
                .zip(&self.keys)
                .all(|(key, value)| value.fits(key.field))
    }
}

impl KeyValue {
    fn of(task: &Task, field: OrderField) -> Self {
        let time = match field {
            OrderField::Title => return Self::Text(task.details.title.to_string()),
            OrderField::Priority => return Self::Number(task.details.priority.rank().into()),
            OrderField::Due => task.schedule.due_time(),
            OrderField::Start => task.schedule.start_time(),
            OrderField::Create => Some(task.create_time),
            OrderField::Update => Some(task.update_time),
            OrderField::Complete => task.state.complete_time(),
        };
        time.map_or(Self::Absent(()), |time| {
            Self::Number(time.timestamp_micros())
        })
    }

    /// Returns the time that the key is.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Number(micros) => DateTime::from_timestamp_micros(*micros)
                .filter(|time| (1..10_000).contains(&time.year())),
            _ => None,
        }
    }

    /// Returns whether the task does not have what it is ordered by.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(()))
    }

    fn fits(&self, field: OrderField) -> bool {
        match (field, self) {
            (OrderField::Title, Self::Text(text)) => !text.contains('\0'),
            (OrderField::Priority, Self::Number(rank)) => (1..=4).contains(rank),
            (OrderField::Title | OrderField::Priority, _) => false,
            (field, Self::Absent(())) => field.is_optional(),
            (_, value) => value.time().is_some(),
        }
    }
}
