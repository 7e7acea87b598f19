//! Whose records a caller may read; who reads those of others is recorded.

use service_runtime::{
    grpc::{AUDITOR, Caller, FieldViolation},
    ids::UserId,
};
use taskmesh_proto::common::v1 as common;

use crate::{
    app::App,
    domain::record::{Actor, Entry, FieldChange},
    error::Error,
};

/// What stands for everybody (AIP-159).
const EVERYBODY: &str = "-";

/// What somebody is about to read.
#[derive(Debug)]
pub struct Reading<'a> {
    /// What the record of it is called, such as `audit.read`.
    pub action: &'static str,
    /// The full name of the call.
    pub call: &'static str,
    /// Whose records: a user's, `-` for everybody's, or empty for the caller's own.
    pub whose: &'a str,
    /// What is asked of them, field by field.
    pub question: Vec<(&'static str, String)>,
}

/// Returns whose records the caller may read, none for everybody's.
///
/// Others' records are for auditors, and that they are read is recorded in the auditor's own chain before anything is.
pub async fn record_reading(
    app: &App,
    caller: &Caller,
    reading: Reading<'_>,
) -> Result<Option<UserId>, Error> {
    let Reading {
        action,
        call,
        whose,
        question,
    } = reading;
    if whose.is_empty() || whose == caller.user_id.as_ref() {
        return Ok(Some(caller.user_id.clone()));
    }
    caller.require_role(AUDITOR)?;
    let user_id = match whose {
        EVERYBODY => None,
        name => Some(name.parse().map_err(|_| {
            Error::InvalidFields(vec![FieldViolation::new(
                "user_id",
                "must be the id of a user, - for all users, or empty for your own records",
            )])
        })?),
    };
    let asked = [("user_id", whose.to_owned())].into_iter().chain(question);
    let changes = asked
        .filter(|(_, value)| !value.is_empty())
        .map(|(field, value)| FieldChange {
            field: field.to_owned(),
            before: String::new(),
            after: serde_json::Value::String(value).to_string(),
        })
        .collect();
    let now = app.clock.now();
    let entry = Entry {
        id: app.ids.uuid_v7(),
        user_id: caller.user_id.clone(),
        action: action.to_owned(),
        event_type: call.to_owned(),
        event_time: now,
        task_id: None,
        reminder_id: None,
        version: 0,
        actor: Actor::from(common::Actor::from(caller)),
        changes,
        operation_id: String::new(),
        trace_id: service_runtime::telemetry::propagation::current()
            .map(|trace| trace.trace_id())
            .unwrap_or_default(),
    };
    app.writer.append(vec![entry]).await?;
    Ok(user_id)
}
