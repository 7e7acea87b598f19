use chrono::{DateTime, SecondsFormat, Utc};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use uuid::Uuid;

/// Headers of an event: CloudEvents 1.0 in the binary mode of the Kafka protocol binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHeaders {
    /// Event id, the same in every delivery.
    pub id: Uuid,
    /// Full name of the event type.
    pub kind: String,
    /// Service that emits the event.
    pub source: String,
    /// Id of the aggregate.
    pub subject: String,
    /// Time of the change.
    pub time: DateTime<Utc>,
    /// Full name of the message in the value.
    pub data_schema: String,
    /// Version of the aggregate after the event; a CloudEvents extension.
    pub aggregate_version: i64,
    /// Trace of the event (W3C Trace Context).
    pub trace_parent: Option<String>,
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
        record_headers(&pairs)
    }
}

/// Returns record headers with these keys and values.
pub fn record_headers(pairs: &[(&str, &str)]) -> OwnedHeaders {
    let pairs = pairs.iter().map(|(key, value)| Header {
        key,
        value: Some(*value),
    });
    pairs.fold(OwnedHeaders::new(), OwnedHeaders::insert)
}

/// Returns the event id.
pub(super) fn event_id(headers: Option<&impl Headers>) -> Result<Uuid, String> {
    let text = once(headers, "ce_id")?;
    Uuid::try_parse(text).map_err(|_| unreadable("ce_id"))
}

/// Returns the event type.
pub(super) fn event_type(headers: Option<&impl Headers>) -> Result<String, String> {
    once(headers, "ce_type").map(str::to_owned)
}

/// Checks that the value has the message of its topic, if the record has the header.
pub(super) fn check_data_schema(
    headers: Option<&impl Headers>,
    expected: &str,
) -> Result<(), String> {
    match once(headers, "ce_dataschema") {
        Ok(found) if found != expected => Err(format!(
            "header ce_dataschema names another message than {expected}"
        )),
        _ => Ok(()),
    }
}

/// Returns the trace of the event, if the record has the header.
pub(super) fn trace_parent(headers: Option<&impl Headers>) -> Option<String> {
    once(headers, "traceparent").ok().map(str::to_owned)
}

fn once<'a>(headers: Option<&'a impl Headers>, name: &str) -> Result<&'a str, String> {
    let mut found = headers
        .into_iter()
        .flat_map(Headers::iter)
        .filter(|header| header.key == name);
    match (found.next(), found.next()) {
        (Some(header), None) => header
            .value
            .and_then(|value| std::str::from_utf8(value).ok())
            .ok_or_else(|| unreadable(name)),
        _ => Err(format!("header {name} must be present once")),
    }
}

fn unreadable(name: &str) -> String {
    format!("header {name} has an invalid value")
}
