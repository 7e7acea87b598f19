use serde::{Deserialize, Deserializer, de::Error as _};
use service_runtime::BoxError;

/// One message of the feed, as far as a view needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The place behind it; empty if there is nothing to go on from.
    pub resume_token: String,
    /// What it tells.
    pub event: Event,
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A part of what there is.
    Snapshot(Vec<Task>),
    /// From here on there are only changes.
    Live,
    /// A task has changed.
    Task(Task),
    /// Something else has changed, or there is a sign of life.
    Other,
    /// Changes are missing, for this reason.
    Resync(String),
    /// What went wrong; the socket closes next.
    Failed(String),
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Task {
    pub id: String,
    pub title: String,
    /// The version.
    #[serde(rename = "etag", deserialize_with = "number")]
    pub version: i64,
    /// There only if the task was deleted.
    #[serde(default)]
    delete_time: Option<String>,
}

impl Task {
    /// Returns whether it was deleted.
    pub fn is_deleted(&self) -> bool {
        self.delete_time.is_some()
    }
}

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    resume_token: String,
    snapshot: Option<Snapshot>,
    live: Option<Nothing>,
    change: Option<Change>,
    resync: Option<Resync>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Snapshot {
    #[serde(default)]
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Change {
    task: Option<Task>,
}

#[derive(Deserialize)]
struct Resync {
    reason: String,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

impl Message {
    /// Reads a text that came over a socket.
    pub fn read(text: &str) -> Result<Self, BoxError> {
        let Json {
            resume_token,
            snapshot,
            live,
            change,
            resync,
            error,
        } = serde_json::from_str(text)
            .map_err(|cause| format!("a message cannot be read: {cause}"))?;
        let event = match (snapshot, live, change, resync, error) {
            (Some(snapshot), ..) => Event::Snapshot(snapshot.tasks),
            (_, Some(Nothing {}), ..) => Event::Live,
            (_, _, Some(Change { task: Some(task) }), ..) => Event::Task(task),
            (_, _, _, Some(resync), _) => Event::Resync(resync.reason),
            (.., Some(Failure { status, message })) => {
                Event::Failed(format!("{status}: {message}"))
            }
            _ => Event::Other,
        };
        Ok(Self {
            resume_token,
            event,
        })
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_every_kind_are_read() {
        let task = r#"{"id": "a", "title": "Pay", "etag": "7", "priority": "high", "delete_time": "2030-01-01T00:00:00Z"}"#;
        let cases = [
            (
                format!(r#"{{"resume_token": "", "snapshot": {{"tags": [], "tasks": [{task}]}}}}"#),
                "",
                "Snapshot",
            ),
            (
                r#"{"resume_token": "t", "live": {}}"#.to_owned(),
                "t",
                "Live",
            ),
            (
                format!(
                    r#"{{"resume_token": "u", "change": {{"event_id": "e", "task_version": "7", "task": {task}}}}}"#
                ),
                "u",
                "Task",
            ),
            (
                r#"{"resume_token": "v", "change": {"task_version": "2", "tag": {}}}"#.to_owned(),
                "v",
                "Other",
            ),
            (
                r#"{"resume_token": "w", "heartbeat": {}}"#.to_owned(),
                "w",
                "Other",
            ),
            (
                r#"{"resume_token": "", "resync": {"reason": "too_old"}}"#.to_owned(),
                "",
                "Resync",
            ),
            (
                r#"{"error": {"status": "UNAVAILABLE", "message": "is away"}}"#.to_owned(),
                "",
                "Failed(\"UNAVAILABLE: is away\")",
            ),
        ];
        for (text, token, kind) in cases {
            let message = Message::read(&text).unwrap();
            assert_eq!(message.resume_token, token);
            assert!(
                format!("{:?}", message.event).starts_with(kind),
                "{message:?}"
            );
            if let Event::Task(task) = message.event {
                assert_eq!((task.version, task.is_deleted()), (7, true));
            }
        }
    }
}
