//! Conversion of responses.

use std::collections::BTreeMap;

use prost_types::{ListValue, NullValue, Struct, Value, value::Kind};
use serde_json::Value as Json;
use service_runtime::{clock::timestamp, page};
use taskmesh_proto::{audit::v1 as pb, common::v1 as common, google::api::HttpBody};

use super::requests::Token;
use crate::{
    domain::{
        record::{Actor, FieldChange, Record},
        verification::{Finding, FindingKind},
    },
    operations::{ActivityReport, RecordFormat, RecordList, Verified},
};

pub(super) fn record_list(list: RecordList, question: String) -> pb::ListRecordsResponse {
    let RecordList { records, more } = list;
    pb::ListRecordsResponse {
        next_page_token: next_page_token(&records, more, question),
        records: records.into_iter().map(Into::into).collect(),
    }
}

pub(super) fn history(list: RecordList, question: String) -> pb::GetTaskHistoryResponse {
    let RecordList { records, more } = list;
    pb::GetTaskHistoryResponse {
        next_page_token: next_page_token(&records, more, question),
        records: records.into_iter().map(Into::into).collect(),
    }
}

pub(super) fn file_part(format: RecordFormat, data: Vec<u8>) -> HttpBody {
    let content_type = match format {
        RecordFormat::Ndjson => "application/x-ndjson",
        RecordFormat::Csv => "text/csv; charset=utf-8",
    };
    HttpBody {
        content_type: content_type.to_owned(),
        data,
        ..HttpBody::default()
    }
}

fn next_page_token(records: &[Record], more: bool, question: String) -> String {
    match records.last() {
        Some(last) if more => page::encode(&Token {
            record_time_us: last.record_time.timestamp_micros(),
            user_id: last.entry.user_id.to_string(),
            sequence: last.sequence,
            question,
        }),
        _ => String::new(),
    }
}

impl From<Record> for pb::AuditRecord {
    fn from(record: Record) -> Self {
        let entry = record.entry;
        Self {
            id: entry.id.to_string(),
            user_id: entry.user_id.to_string(),
            sequence: record.sequence,
            action: entry.action,
            event_time: Some(timestamp(entry.event_time)),
            record_time: Some(timestamp(record.record_time)),
            task_id: entry.task_id.map(|id| id.to_string()).unwrap_or_default(),
            reminder_id: entry
                .reminder_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            version: entry.version,
            actor: Some(entry.actor.into()),
            changes: entry.changes.into_iter().map(Into::into).collect(),
            operation_id: entry.operation_id,
            trace_id: entry.trace_id,
            event_type: entry.event_type,
            previous_hash: record.previous_hash.to_string(),
            hash: record.hash.to_string(),
        }
    }
}

impl From<Actor> for common::Actor {
    fn from(actor: Actor) -> Self {
        Self {
            user_id: actor.user_id,
            service: actor.service,
            token_id: actor.token_id,
            client_id: actor.client_id,
            ip_address: actor.ip_address,
            user_agent: actor.user_agent,
        }
    }
}

impl From<FieldChange> for pb::FieldChange {
    fn from(change: FieldChange) -> Self {
        Self {
            field: change.field,
            before: value(&change.before),
            after: value(&change.after),
        }
    }
}

/// Returns a recorded value, none if its text is empty. A text that is not JSON, which only tampering leaves behind, stands for itself.
fn value(text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    let json = serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
    Some(from_json(json))
}

fn from_json(json: Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(NullValue::NullValue.into()),
        Json::Bool(value) => Kind::BoolValue(value),
        // 64-bit numbers are texts in the JSON of the contract.
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Kind::StringValue(text),
        Json::Array(items) => Kind::ListValue(ListValue {
            values: items.into_iter().map(from_json).collect(),
        }),
        Json::Object(fields) => Kind::StructValue(Struct {
            fields: fields
                .into_iter()
                .map(|(name, value)| (name, from_json(value)))
                .collect(),
        }),
    };
    Value { kind: Some(kind) }
}

impl From<ActivityReport> for pb::ActivityReport {
    fn from(report: ActivityReport) -> Self {
        let ActivityReport { activity, verified } = report;
        let days = activity.days.into_iter();
        let days = days.map(|(date, day)| pb::ActivityDay {
            date: date.to_string(),
            created_count: day.created,
            completed_count: day.completed,
            overdue_count: day.overdue,
            categories: counts(day.categories),
            tags: counts(day.tags),
        });
        Self {
            days: days.collect(),
            actions: counts(activity.actions),
            verification: Some(verified.into()),
        }
    }
}

fn counts(counts: BTreeMap<String, i64>) -> Vec<pb::ActivityCount> {
    counts
        .into_iter()
        .map(|(name, count)| pb::ActivityCount { name, count })
        .collect()
}

impl From<Verified> for pb::VerifyAuditResponse {
    fn from(verified: Verified) -> Self {
        Self {
            intact: verified.findings.is_empty(),
            record_count: verified.records,
            chain_count: verified.chains,
            checkpoint_number: verified.checkpoint,
            unsealed_count: verified.unsealed,
            findings: verified.findings.into_iter().map(Into::into).collect(),
            kept_from: verified.kept_from.map(timestamp),
        }
    }
}

impl From<Finding> for pb::Finding {
    fn from(finding: Finding) -> Self {
        Self {
            kind: pb::FindingKind::from(finding.kind).into(),
            message: finding.message(),
            user_id: finding.user_id.map(|id| id.to_string()).unwrap_or_default(),
            first_sequence: finding.first,
            last_sequence: finding.last,
            checkpoint_number: finding.checkpoint,
        }
    }
}

impl From<FindingKind> for pb::FindingKind {
    fn from(kind: FindingKind) -> Self {
        match kind {
            FindingKind::Changed => Self::Changed,
            FindingKind::Removed => Self::Removed,
            FindingKind::Moved => Self::Moved,
            FindingKind::Inserted => Self::Inserted,
            FindingKind::CutOff => Self::CutOff,
            FindingKind::Rewritten => Self::Rewritten,
            FindingKind::Checkpoint => Self::Checkpoint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_json_becomes_values() {
        assert_eq!(value(""), None);
        let text = |text: &str| Value {
            kind: Some(Kind::StringValue(text.to_owned())),
        };
        for (json, expected) in [
            ("\"Call \\\"Bob\\\"\"", text("Call \"Bob\"").kind),
            ("\"\\u0000\"", text("\0").kind),
            ("not json", text("not json").kind),
            ("true", Some(Kind::BoolValue(true))),
            ("7", Some(Kind::NumberValue(7.0))),
            ("null", Some(Kind::NullValue(0))),
            (
                "[\"home\"]",
                Some(Kind::ListValue(ListValue {
                    values: vec![text("home")],
                })),
            ),
            (
                "{\"at_time\":\"1970-01-01T00:00:00Z\"}",
                Some(Kind::StructValue(Struct {
                    fields: [("at_time".to_owned(), text("1970-01-01T00:00:00Z"))].into(),
                })),
            ),
        ] {
            assert_eq!(value(json), Some(Value { kind: expected }), "{json}");
        }
    }
}
