//! The ledger's entries: what was done to deliver one reminder through one channel.

use chrono::{DateTime, NaiveDate, Utc};
use service_runtime::{ids::UserId, words};
use uuid::Uuid;

use super::{ids::ReminderId, reminder::ReminderState};

/// Channel to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Kept in the list of reminders, for a client to show.
    InApp,
    Email,
}

/// State of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its (next) try, or a try is under way that has had no effect yet.
    Pending,
    /// Being handed over: from here on only the other side knows whether it arrived.
    Sending,
    /// Accepted by the other side.
    Sent,
    /// Refused for good, or given up after the last try.
    Failed,
    /// The answer was lost, so it may or may not have arrived; not sent again.
    Unknown,
}

words! { Channel { InApp = "in_app", Email = "email" } }

words! {
    DeliveryState {
        Pending = "pending",
        Sending = "sending",
        Sent = "sent",
        Failed = "failed",
        Unknown = "unknown",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub reminder_id: ReminderId,
    pub channel: Channel,
    pub state: DeliveryState,
    pub attempt_count: i32,
    /// Reason without addresses or contents; empty if it did not fail.
    pub failure_reason: String,
    /// Time of the last change of the state.
    pub update_time: DateTime<Utc>,
}

/// The right to try a delivery, held by one process until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub user_id: UserId,
    pub reminder_id: ReminderId,
    pub channel: Channel,
    /// Id of this claim among all of the delivery.
    pub id: Uuid,
}

/// Content of a reminder.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Id by which the receiver recognises a repetition.
    pub message_id: String,
    pub title: String,
    pub due_time: Option<DateTime<Utc>>,
    /// The date on which it is due, if at no certain time of that day.
    pub due_date: Option<NaiveDate>,
    /// The IANA time zone to show the due time in; empty for UTC.
    pub time_zone: String,
}

/// A refusal: the message was surely not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It may be accepted later. With the reason, in words without addresses or contents.
    Transient(String),
    /// It never will. With the reason, in words without addresses or contents.
    Permanent(String),
}

/// Outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side accepted it.
    Sent,
    /// The other side did not accept it, or was not reached.
    Refused(Refusal),
    /// The other side may or may not have accepted it. With the reason, in words without addresses or contents.
    Unknown(String),
}

impl DeliveryState {
    /// Returns whether nothing more will happen.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Sent | Self::Failed | Self::Unknown => true,
            Self::Pending | Self::Sending => false,
        }
    }
}

/// Returns the state of a reminder that has fired, from the states of its deliveries.
pub fn reminder_state(deliveries: &[DeliveryState]) -> ReminderState {
    if !deliveries.iter().all(|state| state.is_settled()) {
        ReminderState::Firing
    } else if deliveries.contains(&DeliveryState::Sent) {
        ReminderState::Sent
    } else {
        ReminderState::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_is_settled_with_its_last_delivery() {
        use DeliveryState::{Failed, Pending, Sending, Sent, Unknown};
        for (deliveries, state) in [
            (&[Sent, Pending][..], ReminderState::Firing),
            (&[Sent, Sending], ReminderState::Firing),
            (&[Sent, Failed], ReminderState::Sent),
            (&[Sent, Unknown], ReminderState::Sent),
            (&[Unknown], ReminderState::Failed),
            (&[Failed], ReminderState::Failed),
        ] {
            assert_eq!(reminder_state(deliveries), state, "{deliveries:?}");
        }
    }
}
