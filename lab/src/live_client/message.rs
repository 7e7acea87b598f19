use serde::{Deserialize, Deserializer, de::Error as _, de::IgnoredAny};
use service_runtime::BoxError;

/// Message of the feed, reduced to the parts that a view needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Json")]
pub struct Message {
    /// Token to resume behind this message; empty if a snapshot is needed.
    pub resume_token: String,
    pub event: Event,
}

/// Content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Page of the snapshot.
    Snapshot(Vec<Task>),
    /// End of the snapshot; only changes follow.
    Live,
    /// Changed task.
    Task(Task),
    /// Change of another entity, or a heartbeat.
    Other,
    /// Gap: the client must start again from a snapshot.
    Resync,
    /// Error; the socket closes next.
    Failed(String),
}

/// Task in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Task {
    pub id: String,
    pub title: String,
    #[serde(rename = "etag", deserialize_with = "parse_version")]
    pub version: i64,
    #[serde(default)]
    delete_time: Option<String>,
}

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    resume_token: String,
    snapshot: Option<Snapshot>,
    live: Option<IgnoredAny>,
    change: Option<Change>,
    resync: Option<IgnoredAny>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Snapshot {
    #[serde(default)]
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Change {
    task: Option<Task>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Failure {
    status: String,
    message: String,
}

impl Message {
    pub fn parse(text: &str) -> Result<Self, BoxError> {
        Ok(serde_json::from_str(text).map_err(|error| format!("invalid message: {error}"))?)
    }
}

impl From<Json> for Message {
    fn from(json: Json) -> Self {
        let event = if let Some(Snapshot { tasks }) = json.snapshot {
            Event::Snapshot(tasks)
        } else if let Some(Change { task }) = json.change {
            task.map_or(Event::Other, Event::Task)
        } else if let Some(Failure { status, message }) = json.error {
            Event::Failed(format!("{status}: {message}"))
        } else if json.live.is_some() {
            Event::Live
        } else if json.resync.is_some() {
            Event::Resync
        } else {
            Event::Other
        };
        Self {
            resume_token: json.resume_token,
            event,
        }
    }
}

impl Task {
    pub fn is_deleted(&self) -> bool {
        self.delete_time.is_some()
    }
}

fn parse_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_every_kind_are_parsed() {
        let task = r#"{"id": "a", "title": "Pay", "etag": "7", "priority": "high", "delete_time": "2030-01-01T00:00:00Z"}"#;
        let parsed = Task {
            id: "a".to_owned(),
            title: "Pay".to_owned(),
            version: 7,
            delete_time: Some("2030-01-01T00:00:00Z".to_owned()),
        };
        let cases = [
            (
                format!(r#"{{"resume_token": "", "snapshot": {{"tags": [], "tasks": [{task}]}}}}"#),
                ("", Event::Snapshot(vec![parsed.clone()])),
            ),
            (
                r#"{"resume_token": "t", "live": {}}"#.to_owned(),
                ("t", Event::Live),
            ),
            (
                format!(
                    r#"{{"resume_token": "u", "change": {{"event_id": "e", "task": {task}}}}}"#
                ),
                ("u", Event::Task(parsed)),
            ),
            (
                r#"{"resume_token": "v", "change": {"task_version": "2", "tag": {}}}"#.to_owned(),
                ("v", Event::Other),
            ),
            (
                r#"{"resume_token": "w", "heartbeat": {}}"#.to_owned(),
                ("w", Event::Other),
            ),
            (
                r#"{"resume_token": "", "resync": {"reason": "too_old"}}"#.to_owned(),
                ("", Event::Resync),
            ),
            (
                r#"{"error": {"status": "UNAVAILABLE", "message": "is away"}}"#.to_owned(),
                ("", Event::Failed("UNAVAILABLE: is away".to_owned())),
            ),
        ];
        for (text, (token, event)) in cases {
            let message = Message::parse(&text).unwrap();
            assert_eq!(
                (message.resume_token.as_str(), message.event),
                (token, event)
            );
        }
    }
}
