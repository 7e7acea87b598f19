//! The topics that events travel on, declared once; `taskmesh topics apply` creates them.

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// One topic: its name, its size, and how long it keeps records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// The name, without the prefix that a shared cluster may ask for.
    pub name: &'static str,
    /// The full name of the message that each value holds.
    pub message: &'static str,
    /// How many partitions; never changed, because it would move keys.
    pub partitions: i32,
    /// How long records are kept; if none, the last one of each key for ever (the topic is compacted).
    pub retention: Option<Duration>,
    /// The consumer groups (one a service) that read it, each with a dead-letter topic of its own.
    pub groups: &'static [&'static str],
}

impl Topic {
    /// Returns the name of the dead-letter topic of a consumer group that reads this topic.
    pub fn dead_letter_name(&self, group: &str) -> String {
        format!("{}.{group}.dlt", self.name)
    }
}

/// The largest record of an event topic, in bytes as Kafka counts them: Kafka's own default, 1 MiB and 12 bytes.
pub const LARGEST_RECORD_BYTES: u32 = 1_048_588;
/// The largest record of a dead-letter topic, in bytes: any event fits with the headers that say what went wrong.
pub const LARGEST_DEAD_LETTER_BYTES: u32 = 2 * LARGEST_RECORD_BYTES;
/// How long dead-letter topics keep records.
pub const DEAD_LETTER_RETENTION: Duration = Duration::from_secs(30 * DAY.as_secs());

/// All changes of tasks, keyed by task id.
pub const TASK_EVENTS: Topic = Topic {
    name: "task-events",
    message: "taskmesh.task.v1.TaskEvent",
    partitions: 3,
    retention: Some(Duration::from_secs(30 * DAY.as_secs())),
    groups: &["audit-service", "notification-service"],
};

/// Completed occurrences of series, keyed by series id.
pub const TASK_RECURRENCE: Topic = Topic {
    name: "task-recurrence",
    message: "taskmesh.task.v1.TaskEvent",
    partitions: 3,
    retention: Some(Duration::from_secs(7 * DAY.as_secs())),
    groups: &["recurrence-service"],
};

/// The life of reminders, keyed by task id.
pub const TASK_REMINDERS: Topic = Topic {
    name: "task-reminders",
    message: "taskmesh.notification.v1.ReminderEvent",
    partitions: 3,
    retention: Some(Duration::from_secs(7 * DAY.as_secs())),
    groups: &["audit-service", "task-service"],
};

/// What clients need to redraw, keyed by user id. The realtime-service reads all of it, in no group.
pub const TASK_UPDATES: Topic = Topic {
    name: "task-updates",
    message: "taskmesh.realtime.v1.TaskChange",
    partitions: 3,
    retention: Some(HOUR),
    groups: &[],
};

/// The signed checkpoints of all audit records, keyed by their number, so that none ever makes way for another.
pub const AUDIT_CHECKPOINTS: Topic = Topic {
    name: "audit-checkpoints",
    message: "taskmesh.audit.v1.Checkpoint",
    partitions: 1,
    retention: None,
    groups: &[],
};

/// Every topic of the mesh, without the dead-letter topics.
pub const ALL: &[Topic] = &[
    TASK_EVENTS,
    TASK_RECURRENCE,
    TASK_REMINDERS,
    TASK_UPDATES,
    AUDIT_CHECKPOINTS,
];
