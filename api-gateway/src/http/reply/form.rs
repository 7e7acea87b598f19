use std::time::Duration;

use http::{HeaderMap, header};
use serde_json::Value;

use crate::http::weighed;

/// Format of a stream of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON value a line (NDJSON).
    Lines,
    /// Server-sent events, as browsers read them.
    Events,
}

impl Form {
    /// Returns the format that the client asks for: events if its `Accept` names them, lines otherwise.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let mut names = weighed(headers, header::ACCEPT);
        match names.any(|(name, _)| name == "text/event-stream") {
            true => Self::Events,
            false => Self::Lines,
        }
    }

    /// Returns the content type.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Lines => "application/x-ndjson",
            Self::Events => "text/event-stream",
        }
    }

    /// Writes a message; of a live stream, with its resume token as the id.
    ///
    /// An empty id is written too: it resets the `Last-Event-ID` that a browser reconnects with.
    pub(super) fn write_message(self, chunk: &mut String, json: &str, id: Option<&str>) {
        match (self, id) {
            (Self::Lines, _) => chunk.push_str(&format!("{json}\n")),
            (Self::Events, None) => chunk.push_str(&format!("data: {json}\n\n")),
            (Self::Events, Some(id)) => {
                chunk.push_str(&format!("id: {id}\ndata: {json}\n\n"));
            }
        }
    }

    /// Writes the error that a stream ends with.
    pub(super) fn write_error(self, chunk: &mut String, status: &Value) {
        let json = format!("{{\"error\":{status}}}");
        if self == Self::Events {
            chunk.push_str("event: error\n");
        }
        self.write_message(chunk, &json, None);
    }

    /// Returns the keep-alive text and its interval, so that no proxy takes the connection for dead.
    pub(super) fn keep_alive(self) -> Option<(Duration, &'static str)> {
        match self {
            Self::Lines => None,
            Self::Events => Some((Duration::from_secs(15), ":\n\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn events_are_written_for_those_who_ask_for_them() {
        let wanted = |accept: &'static str| {
            let accept = HeaderValue::from_static(accept);
            Form::wanted(&HeaderMap::from_iter([(header::ACCEPT, accept)]))
        };
        assert_eq!(wanted("text/event-stream"), Form::Events);
        assert_eq!(
            wanted("application/json, Text/Event-Stream;q=0.9"),
            Form::Events
        );
        assert_eq!(wanted("*/*"), Form::Lines);
        assert_eq!(Form::wanted(&HeaderMap::new()), Form::Lines);
    }
}
