//! One record: who did what.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_runtime::ids::UserId;
use uuid::Uuid;

use super::hash::{Hash, Hasher};

const PURPOSE: &str = "taskmesh.audit.v1.AuditRecord";

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id of the event that tells of it.
    pub id: Uuid,
    /// The user whose chain it belongs to.
    pub user_id: UserId,
    /// What was done, such as `task.completed`.
    pub action: String,
    /// The full name of the event.
    pub event_type: String,
    /// When it was done, in whole microseconds.
    pub event_time: DateTime<Utc>,
    /// The task that it was done to.
    pub task_id: Option<Uuid>,
    /// The reminder that it was done to.
    pub reminder_id: Option<Uuid>,
    /// The version of the task or reminder afterwards; 0 if it has none.
    pub version: i64,
    /// Who did it, and from where.
    pub actor: Actor,
    /// What is different afterwards.
    pub changes: Vec<FieldChange>,
    /// The operation that it was a part of, or empty.
    pub operation_id: String,
    /// The trace that it belongs to, or empty.
    pub trace_id: String,
}

impl Entry {
    /// Replaces U+0000, which PostgreSQL cannot store, by U+FFFD. The values of changes are JSON, which escapes it.
    pub fn without_nul(mut self) -> Self {
        for text in [
            &mut self.action,
            &mut self.event_type,
            &mut self.actor.user_id,
            &mut self.actor.service,
            &mut self.actor.token_id,
            &mut self.actor.client_id,
            &mut self.actor.ip_address,
            &mut self.actor.user_agent,
            &mut self.operation_id,
            &mut self.trace_id,
        ] {
            if text.contains('\0') {
                *text = text.replace('\0', "\u{FFFD}");
            }
        }
        self
    }
}

/// Who did something, and from where; what is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user_id: String,
    /// The service that acted for the user.
    pub service: String,
    /// The id of the token.
    pub token_id: String,
    /// The program that the token was issued to.
    pub client_id: String,
    /// The address that the call came from.
    pub ip_address: String,
    /// What the program said of itself.
    pub user_agent: String,
}

/// A field that is different, with both values as JSON; an empty text is no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// The value before.
    pub before: String,
    /// The value afterwards.
    pub after: String,
}

/// An entry at its place in the chain of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What was recorded.
    pub entry: Entry,
    /// Its place in the chain, from 1 on.
    pub sequence: i64,
    /// When it was recorded, in whole microseconds.
    pub record_time: DateTime<Utc>,
    /// The hash of the record before.
    pub previous_hash: Hash,
    /// The hash of this one.
    pub hash: Hash,
}

impl Record {
    /// Returns the hash that this record must have.
    pub fn computed_hash(&self) -> Hash {
        hash(
            &self.entry,
            self.sequence,
            self.record_time,
            self.previous_hash,
        )
    }
}

/// A record with the hash that it must have, which is computed apart from the check: that is most of the work, and any thread can do it.
#[derive(Debug, Clone)]
pub struct Hashed {
    /// The record.
    pub record: Record,
    computed: Hash,
}

impl Hashed {
    /// Tells whether the contents of the record fit its hash.
    pub fn fits(&self) -> bool {
        self.computed == self.record.hash
    }
}

impl From<Record> for Hashed {
    fn from(record: Record) -> Self {
        Self {
            computed: record.computed_hash(),
            record,
        }
    }
}

/// Hashes all that there is to a record, in the order of the contract.
pub fn hash(entry: &Entry, sequence: i64, record_time: DateTime<Utc>, previous: Hash) -> Hash {
    let Entry {
        id,
        user_id,
        action,
        event_type,
        event_time,
        task_id,
        reminder_id,
        version,
        actor,
        changes,
        operation_id,
        trace_id,
    } = entry;
    let Actor {
        user_id: actor_user_id,
        service,
        token_id,
        client_id,
        ip_address,
        user_agent,
    } = actor;
    let hasher = Hasher::new(PURPOSE)
        .bytes(previous.as_bytes())
        .bytes(id.as_bytes())
        .text(user_id.as_ref())
        .number(sequence)
        .text(action)
        .moment(*event_time)
        .moment(record_time)
        .bytes(id_bytes(task_id))
        .bytes(id_bytes(reminder_id))
        .number(*version)
        .text(actor_user_id)
        .text(service)
        .text(token_id)
        .text(client_id)
        .text(ip_address)
        .text(user_agent)
        .number(i64::try_from(changes.len()).unwrap_or(i64::MAX));
    changes
        .iter()
        .fold(hasher, |hasher, change| {
            hasher
                .text(&change.field)
                .text(&change.before)
                .text(&change.after)
        })
        .text(operation_id)
        .text(trace_id)
        .text(event_type)
        .finish()
}

fn id_bytes(id: &Option<Uuid>) -> &[u8] {
    id.as_ref()
        .map(|id| id.as_bytes().as_slice())
        .unwrap_or_default()
}
