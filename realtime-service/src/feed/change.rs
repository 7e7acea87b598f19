use bytes::Bytes;
use prost::Message;
use service_runtime::kafka::{TopicEvent, TopicRecord};
use taskmesh_proto::realtime::v1::TaskChange;
use uuid::Uuid;

use crate::domain::Position;

/// Change with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub position: Position,
    pub message: Bytes,
}

impl Change {
    pub fn decode(&self) -> TaskChange {
        let decoded = TaskChange::decode(self.message.clone());
        decoded.expect("the message was decoded when it was read")
    }
}

/// A record, read: its event, and whose change it is.
pub(crate) struct ReadRecord {
    /// The event's id; nil if it has none.
    pub event_id: Uuid,
    /// Change, decoded and encoded, or the reason why the record is none.
    pub change: Result<(TaskChange, Bytes), String>,
}

impl ReadRecord {
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

fn change(key: &[u8], event: &TopicEvent) -> Result<(TaskChange, Bytes), String> {
    let change = TaskChange::decode(event.message.clone())
        .map_err(|cause| format!("the value does not decode: {cause}"))?;
    if change.user_id.as_bytes() != key {
        return Err("its key is not its user".to_owned());
    }
    if change
        .task
        .as_ref()
        .is_some_and(|task| Uuid::try_parse(&task.id).is_err())
    {
        return Err("its task has no id".to_owned());
    }
    Ok((change, event.message.clone()))
}
