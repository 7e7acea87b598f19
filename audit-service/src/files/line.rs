use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    hash::Hash,
    record::{Actor, Entry, FieldChange, Record},
};

/// A record as a line of a file, in the words of the contract; the changes are a list where the format has lists, else their JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'a, C> {
    id: Cow<'a, str>,
    user_id: Cow<'a, str>,
    sequence: i64,
    action: Cow<'a, str>,
    event_time: Cow<'a, str>,
    record_time: Cow<'a, str>,
    task_id: Cow<'a, str>,
    reminder_id: Cow<'a, str>,
    version: i64,
    actor_user_id: Cow<'a, str>,
    actor_service: Cow<'a, str>,
    actor_token_id: Cow<'a, str>,
    actor_client_id: Cow<'a, str>,
    actor_ip_address: Cow<'a, str>,
    actor_user_agent: Cow<'a, str>,
    changes: C,
    operation_id: Cow<'a, str>,
    trace_id: Cow<'a, str>,
    event_type: Cow<'a, str>,
    previous_hash: Cow<'a, str>,
    hash: Cow<'a, str>,
}

/// A line that is no record.
#[derive(Debug, thiserror::Error)]
pub enum MalformedRecord {
    #[error("is not a record as an export in NDJSON writes it: {0}")]
    Json(#[from] serde_json::Error),
    /// A field is not written as this service writes it.
    #[error("has a field {0} that is not written as an export writes it")]
    Field(&'static str),
}

impl<'a, C> Line<'a, C> {
    pub(super) fn new(record: &'a Record, changes: C) -> Self {
        let Record {
            entry,
            sequence,
            record_time,
            previous_hash,
            hash,
        } = record;
        let actor = &entry.actor;
        Self {
            id: entry.id.to_string().into(),
            user_id: entry.user_id.as_ref().into(),
            sequence: *sequence,
            action: entry.action.as_str().into(),
            event_time: time(entry.event_time).into(),
            record_time: time(*record_time).into(),
            task_id: optional_id(entry.task_id).into(),
            reminder_id: optional_id(entry.reminder_id).into(),
            version: entry.version,
            actor_user_id: actor.user_id.as_str().into(),
            actor_service: actor.service.as_str().into(),
            actor_token_id: actor.token_id.as_str().into(),
            actor_client_id: actor.client_id.as_str().into(),
            actor_ip_address: actor.ip_address.as_str().into(),
            actor_user_agent: actor.user_agent.as_str().into(),
            changes,
            operation_id: entry.operation_id.as_str().into(),
            trace_id: entry.trace_id.as_str().into(),
            event_type: entry.event_type.as_str().into(),
            previous_hash: previous_hash.to_string().into(),
            hash: hash.to_string().into(),
        }
    }
}

impl Line<'_, Vec<FieldChange>> {
    /// Takes values only as they are written, so that no two lines are read as the same record.
    pub(super) fn into_record(self) -> Result<Record, MalformedRecord> {
        use MalformedRecord::Field;
        let hash = |text: &str, field| Hash::from_hex(text).ok_or(Field(field));
        let moment = |text: &str, field| moment(text).ok_or(Field(field));
        let optional_id = |text: &str, field| match text {
            "" => Ok(None),
            text => id(text).map(Some).ok_or(Field(field)),
        };
        Ok(Record {
            sequence: self.sequence,
            record_time: moment(&self.record_time, "record_time")?,
            previous_hash: hash(&self.previous_hash, "previous_hash")?,
            hash: hash(&self.hash, "hash")?,
            entry: Entry {
                id: id(&self.id).ok_or(Field("id"))?,
                user_id: self.user_id.parse().map_err(|_| Field("user_id"))?,
                action: self.action.into_owned(),
                event_type: self.event_type.into_owned(),
                event_time: moment(&self.event_time, "event_time")?,
                task_id: optional_id(&self.task_id, "task_id")?,
                reminder_id: optional_id(&self.reminder_id, "reminder_id")?,
                version: self.version,
                actor: Actor {
                    user_id: self.actor_user_id.into_owned(),
                    service: self.actor_service.into_owned(),
                    token_id: self.actor_token_id.into_owned(),
                    client_id: self.actor_client_id.into_owned(),
                    ip_address: self.actor_ip_address.into_owned(),
                    user_agent: self.actor_user_agent.into_owned(),
                },
                changes: self.changes,
                operation_id: self.operation_id.into_owned(),
                trace_id: self.trace_id.into_owned(),
            },
        })
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn optional_id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (*id.hyphenated().encode_lower(&mut buffer) == *text).then_some(id)
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let moment: DateTime<Utc> = text.parse().ok()?;
    (time(moment) == text && moment.nanosecond() < 1_000_000_000).then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::chain::Head,
        files::{from_json, ndjson},
    };

    fn record() -> Record {
        let entry = Entry {
            id: Uuid::from_u128(0xabc),
            user_id: "alice".parse().unwrap(),
            action: "task.updated".to_owned(),
            event_type: "taskmesh.task.v1.TaskUpdated".to_owned(),
            event_time: DateTime::from_timestamp(1_764_576_000, 1_000).unwrap(),
            task_id: Some(Uuid::from_u128(0xdef)),
            reminder_id: None,
            version: 2,
            actor: Actor {
                user_agent: "a \"quoted\" \u{1f} name".to_owned(),
                ..Actor::default()
            },
            changes: vec![FieldChange {
                field: "title".to_owned(),
                before: String::new(),
                after: "\"Über\\n\"".to_owned(),
            }],
            operation_id: "op".to_owned(),
            trace_id: String::new(),
        };
        let now = DateTime::from_timestamp(1_764_576_001, 123_456_000).unwrap();
        Head::EMPTY.clone().append(entry, now)
    }

    fn text(record: &Record) -> String {
        String::from_utf8(ndjson(std::slice::from_ref(record)).unwrap()).unwrap()
    }

    #[test]
    fn a_record_comes_back_from_its_line() {
        let record = record();
        let read = from_json(text(&record).as_bytes()).unwrap();
        assert_eq!(read, record);
        assert_eq!(read.computed_hash(), record.hash);
    }

    #[test]
    fn moments_that_few_records_have_come_back_too() {
        for seconds in [-1, 0, 253_402_300_799, 253_402_300_800, -70_000_000_000] {
            let mut record = record();
            record.entry.event_time = DateTime::from_timestamp(seconds, 0).unwrap();
            let read = from_json(text(&record).as_bytes()).unwrap();
            assert_eq!(read, record, "{seconds}");
        }
    }

    #[test]
    fn non_canonical_value_is_refused() {
        let line = text(&record());
        for (written, other) in [
            ("0000-000000000abc", "0000-000000000ABC"),
            (
                "00000000-0000-0000-0000-000000000def",
                "00000000000000000000000000000def",
            ),
            ("01.123456Z", "01.1234567Z"),
            ("01.123456Z", "01.123456z"),
            ("01.123456Z", "01.123456+00:00"),
            ("08:00:01.123456Z", "07:59:61.123456Z"),
            ("\"sequence\":1", "\"sequence\":1.0"),
            ("\"sequence\":1", "\"sequence\":1,\"sequence\":1"),
            ("\"field\":", "\"note\":\"\",\"field\":"),
            ("{\"id\"", "{\"note\":\"\",\"id\""),
            ("\"reminder_id\":\"\"", "\"reminder_id\":null"),
        ] {
            assert!(line.contains(written), "{written}: {line}");
            let changed = line.replacen(written, other, 1);
            let refused = from_json(changed.as_bytes());
            assert!(refused.is_err(), "{other}");
        }
    }
}
