//! States and the like, as words in text columns.

use std::str::FromStr;

use service_runtime::{BoxError, ids::UserId, postgres::DatabaseError};

use crate::domain::{
    delivery::{Channel, DeliveryState},
    reminder::ReminderState,
};

/// A word in a column that this version of the service does not know.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds a value that this version does not know")]
struct UnknownValue {
    column: &'static str,
    #[source]
    cause: Option<BoxError>,
}

fn unknown(column: &'static str, cause: Option<BoxError>) -> DatabaseError {
    let error = UnknownValue { column, cause };
    diesel::result::Error::DeserializationError(error.into()).into()
}

/// Reads a column's text as the type that it was written from.
pub(super) fn parse<T>(column: &'static str, text: &str) -> Result<T, DatabaseError>
where
    T: FromStr<Err: Into<BoxError>>,
{
    text.parse()
        .map_err(|cause: T::Err| unknown(column, Some(cause.into())))
}

pub(super) fn user_id(text: &str) -> Result<UserId, DatabaseError> {
    parse("user_id", text)
}

pub(super) fn reminder_state_word(state: ReminderState) -> &'static str {
    match state {
        ReminderState::Scheduled => "scheduled",
        ReminderState::Firing => "firing",
        ReminderState::Sent => "sent",
        ReminderState::Failed => "failed",
        ReminderState::Cancelled => "cancelled",
    }
}

pub(super) fn reminder_state(word: &str) -> Result<ReminderState, DatabaseError> {
    Ok(match word {
        "scheduled" => ReminderState::Scheduled,
        "firing" => ReminderState::Firing,
        "sent" => ReminderState::Sent,
        "failed" => ReminderState::Failed,
        "cancelled" => ReminderState::Cancelled,
        _ => return Err(unknown("reminders.state", None)),
    })
}

pub(super) fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::InApp => "in_app",
        Channel::Email => "email",
    }
}

pub(super) fn channel(word: &str) -> Result<Channel, DatabaseError> {
    Ok(match word {
        "in_app" => Channel::InApp,
        "email" => Channel::Email,
        _ => return Err(unknown("deliveries.channel", None)),
    })
}

pub(super) fn delivery_state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "pending",
        DeliveryState::Sending => "sending",
        DeliveryState::Sent => "sent",
        DeliveryState::Failed => "failed",
        DeliveryState::Unknown => "unknown",
    }
}

pub(super) fn delivery_state(word: &str) -> Result<DeliveryState, DatabaseError> {
    Ok(match word {
        "pending" => DeliveryState::Pending,
        "sending" => DeliveryState::Sending,
        "sent" => DeliveryState::Sent,
        "failed" => DeliveryState::Failed,
        "unknown" => DeliveryState::Unknown,
        _ => return Err(unknown("deliveries.state", None)),
    })
}
