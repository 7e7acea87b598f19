use serde::{Deserialize, Deserializer, de::Error as _, de::IgnoredAny};

/// Message of the feed, reduced to the parts that a view needs; it has at most one content.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Message {
    /// Token to resume behind this message; empty if a snapshot is needed.
    #[serde(default)]
    pub resume_token: String,
    pub snapshot: Option<Snapshot>,
    /// End of the snapshot; only changes follow.
    pub live: Option<IgnoredAny>,
    pub change: Option<Change>,
    /// Gap: the client must start again from a snapshot.
    pub resync: Option<IgnoredAny>,
    /// Error; the socket closes next.
    pub error: Option<Failure>,
}

/// Page of the snapshot.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Snapshot {
    #[serde(default)]
    pub tasks: Vec<Task>,
}

/// Change of a task, or of another entity without one.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Change {
    pub task: Option<Task>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Failure {
    pub status: String,
    pub message: String,
}

/// Task in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Task {
    pub id: String,
    pub title: String,
    #[serde(rename = "etag", deserialize_with = "parse_version")]
    pub version: i64,
    delete_time: Option<String>,
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

    fn parse(text: &str) -> Message {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn messages_with_tasks_are_parsed() {
        let json = r#"{"id": "a", "title": "Pay", "etag": "7", "priority": "high", "delete_time": "2030-01-01T00:00:00Z"}"#;
        let task = Task {
            id: "a".to_owned(),
            title: "Pay".to_owned(),
            version: 7,
            delete_time: Some("2030-01-01T00:00:00Z".to_owned()),
        };
        let page = parse(&format!(
            r#"{{"resume_token": "", "snapshot": {{"tags": [], "tasks": [{json}]}}}}"#
        ));
        assert_eq!(page.snapshot.unwrap().tasks, std::slice::from_ref(&task));
        let change = parse(&format!(
            r#"{{"resume_token": "u", "change": {{"event_id": "e", "task": {json}}}}}"#
        ));
        assert_eq!(
            (change.resume_token.as_str(), change.change),
            ("u", Some(Change { task: Some(task) }))
        );
    }

    #[test]
    fn messages_without_tasks_are_parsed() {
        assert!(parse(r#"{"resume_token": "t", "live": {}}"#).live.is_some());
        assert!(
            parse(r#"{"resume_token": "", "resync": {"reason": "too_old"}}"#)
                .resync
                .is_some()
        );
        let tag = parse(r#"{"resume_token": "v", "change": {"task_version": "2", "tag": {}}}"#);
        assert_eq!(tag.change, Some(Change { task: None }));
        let heartbeat = parse(r#"{"resume_token": "w", "heartbeat": {}}"#);
        assert_eq!(
            heartbeat,
            Message {
                resume_token: "w".to_owned(),
                ..Message::default()
            }
        );
        let error = parse(r#"{"error": {"status": "UNAVAILABLE", "message": "is away"}}"#);
        assert_eq!(error.error.unwrap().status, "UNAVAILABLE");
    }
}
