//! One record: who did what.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_runtime::ids::UserId;
use uuid::Uuid;

use super::hash::{Hash, Hasher};

const PURPOSE: &str = "taskmesh.audit.v1.AuditRecord";

/// Content of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: Uuid,
    pub user_id: UserId,
    /// Action such as `task.completed`.
    pub action: String,
    /// The full name of the event.
    pub event_type: String,
    /// In whole microseconds.
    pub event_time: DateTime<Utc>,
    pub task_id: Option<Uuid>,
    pub reminder_id: Option<Uuid>,
    /// The version of the task or reminder afterwards; 0 if it has none.
    pub version: i64,
    /// Actor of the change.
    pub actor: Actor,
    /// Changed fields.
    pub changes: Vec<FieldChange>,
    /// Operation that contains it, or empty.
    pub operation_id: String,
    /// Trace of the event, or empty.
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

/// Actor of a change; unknown fields are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    pub user_id: String,
    pub service: String,
    pub token_id: String,
    /// Client that the token was issued to.
    pub client_id: String,
    /// Source address of the call.
    pub ip_address: String,
    pub user_agent: String,
}

/// A field that is different, with both values as JSON; an empty text is no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    pub field: String,
    pub before: String,
    pub after: String,
}

/// Entry with its position in the user's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub entry: Entry,
    /// Position in the chain, from 1 on.
    pub sequence: i64,
    /// In whole microseconds.
    pub record_time: DateTime<Utc>,
    pub previous_hash: Hash,
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

/// Record with its recomputed hash, which is most of the work of a check and can be computed on any thread.
#[derive(Debug, Clone)]
pub struct Hashed {
    /// The record.
    pub record: Record,
    computed: Hash,
}

impl Hashed {
    /// Returns whether the content matches the hash.
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

/// Hashes all fields of a record, in the order of the contract.
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
