use chrono::{DateTime, SecondsFormat, Utc};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use uuid::Uuid;

/// What a record says of its event: CloudEvents 1.0 in the binary mode of the Kafka protocol binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHeaders {
    /// Identifies the event, however often it is delivered.
    pub id: Uuid,
    /// The full name of what happened.
    pub kind: String,
    /// The service that tells it.
    pub source: String,
    /// The id of the aggregate.
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The full name of the message in the value.
    pub data_schema: String,
    /// The aggregate's version after the event; a CloudEvents extension.
    pub aggregate_version: i64,
    /// The trace that the event belongs to (W3C Trace Context).
    pub trace_parent: Option<String>,
}

/// Headers that do not make an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HeaderError {
    /// A header is absent, or twice there.
    #[error("header {0} must be there once")]
    NotOnce(&'static str),
    /// A header's value cannot be read.
    #[error("header {0} cannot be read")]
    Unreadable(&'static str),
}

impl EventHeaders {
    pub(crate) fn to_record_headers(&self) -> OwnedHeaders {
        let time = self.time.to_rfc3339_opts(SecondsFormat::Micros, true);
        let version = self.aggregate_version.to_string();
        let id = self.id.to_string();
        let mut pairs = vec![
            ("ce_specversion", "1.0"),
            ("ce_id", &id),
            ("ce_type", &self.kind),
            ("ce_source", &self.source),
            ("ce_subject", &self.subject),
            ("ce_time", &time),
            ("ce_dataschema", &self.data_schema),
            ("ce_aggregateversion", &version),
            ("content-type", "application/protobuf"),
        ];
        if let Some(trace_parent) = &self.trace_parent {
            pairs.push(("traceparent", trace_parent));
        }
        pairs
            .into_iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            })
    }
}

/// Reads the id of the event.
pub(super) fn event_id(headers: Option<&impl Headers>) -> Result<Uuid, HeaderError> {
    let text = once(headers, "ce_id")?;
    Uuid::try_parse(text).map_err(|_| HeaderError::Unreadable("ce_id"))
}

/// Reads the name of what happened.
pub(super) fn event_type(headers: Option<&impl Headers>) -> Result<String, HeaderError> {
    once(headers, "ce_type").map(str::to_owned)
}

/// Makes sure that the value holds what its topic is for, if the record says what it holds.
pub(super) fn check_data_schema(
    headers: Option<&impl Headers>,
    expected: &str,
) -> Result<(), String> {
    match once(headers, "ce_dataschema") {
        Ok(said) if said != expected => Err(format!(
            "header ce_dataschema names another message than {expected}"
        )),
        _ => Ok(()),
    }
}

/// Reads the trace that the event belongs to, if it says so.
pub(super) fn trace_parent(headers: Option<&impl Headers>) -> Option<String> {
    once(headers, "traceparent").ok().map(str::to_owned)
}

fn once<'a>(headers: Option<&'a impl Headers>, name: &'static str) -> Result<&'a str, HeaderError> {
    let mut found = headers
        .into_iter()
        .flat_map(Headers::iter)
        .filter(|header| header.key == name);
    match (found.next(), found.next()) {
        (Some(header), None) => header
            .value
            .and_then(|value| std::str::from_utf8(value).ok())
            .ok_or(HeaderError::Unreadable(name)),
        _ => Err(HeaderError::NotOnce(name)),
    }
}
