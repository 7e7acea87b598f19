use bytes::Bytes;
use prost::Message;
use service_runtime::kafka::{TopicEvent, TopicRecord};
use taskmesh_proto::realtime::v1::TaskChange;
use uuid::Uuid;

use crate::domain::Position;

/// One change, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Behind it.
    pub position: Position,
    /// What changed.
    pub told: Told,
}

/// What a change tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The task that changed; none if something else did.
    pub task: Option<TaskVersion>,
    /// The message `TaskChange`, encoded.
    pub message: Bytes,
}

/// One version of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskVersion {
    /// The task.
    pub id: Uuid,
    /// The version.
    pub version: i64,
}

/// A record, read: its event, and whose change it is.
pub(crate) struct ReadRecord {
    /// The event's id; nil if it has none.
    pub event_id: Uuid,
    /// The message, the user and what is told, or why the record is no change.
    pub change: Result<(TaskChange, Told), String>,
}

impl ReadRecord {
    /// Reads a record of the topic.
    pub(crate) fn new(record: &TopicRecord) -> Self {
        match &record.event {
            Ok(event) => Self {
                event_id: event.id,
                change: change(&record.key, event),
            },
            Err(reason) => Self {
                event_id: Uuid::nil(),
                change: Err(reason.clone()),
            },
        }
    }
}

fn change(key: &[u8], event: &TopicEvent) -> Result<(TaskChange, Told), String> {
    let change = TaskChange::decode(event.message.clone())
        .map_err(|cause| format!("the value does not decode: {cause}"))?;
    if change.user_id.as_bytes() != key {
        return Err("its key is not its user".to_owned());
    }
    let task = match &change.task {
        None => None,
        Some(task) => Some(TaskVersion {
            id: Uuid::try_parse(&task.id).map_err(|_| "its task has no id".to_owned())?,
            version: change.task_version,
        }),
    };
    let told = Told {
        task,
        message: event.message.clone(),
    };
    Ok((change, told))
}
