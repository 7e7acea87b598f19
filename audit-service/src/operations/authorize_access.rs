//! Access to records; access to those of other users is recorded.

use service_runtime::{
    grpc::{AUDITOR, Caller, FieldViolation},
    ids::UserId,
};

use crate::{
    app::App,
    domain::record::{Entry, FieldChange},
    error::Error,
};

/// All users (AIP-159).
const EVERYBODY: &str = "-";

/// Intended access to records.
#[derive(Debug)]
pub struct Access<'a> {
    /// Action of its audit record, such as `audit.read`.
    pub action: &'static str,
    /// The full name of the call.
    pub call: &'static str,
    /// User of the records, `-` for all users, or empty for the caller.
    pub whose: &'a str,
    /// Fields of the request.
    pub question: Vec<(&'static str, String)>,
}

/// Returns whose records the caller may read, none for everybody's.
///
/// Others' records are for auditors, and that they are read is recorded in the auditor's own chain before anything is.
pub async fn authorize_access(
    app: &App,
    caller: &Caller,
    access: Access<'_>,
) -> Result<Option<UserId>, Error> {
    let Access {
        action,
        call,
        whose,
        question,
    } = access;
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
        actor: caller.into(),
        changes,
        operation_id: String::new(),
        trace_id: service_runtime::telemetry::propagation::current()
            .map(|trace| trace.trace_id())
            .unwrap_or_default(),
    };
    app.writer.append(vec![entry]).await?;
    Ok(user_id)
}
