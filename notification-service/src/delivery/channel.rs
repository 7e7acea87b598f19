//! The only door to the outside: what every channel can do.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use service_runtime::ids::UserId;

use crate::domain::{
    delivery::{Channel as ChannelKind, Outcome, Refusal},
    ids::ReminderId,
    preferences::Preferences,
};

/// What a channel tells a user.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Who is reminded.
    pub user_id: &'a UserId,
    /// How they want to be reminded.
    pub preferences: &'a Preferences,
    /// What the other side can tell a repetition by.
    pub message_id: &'a str,
    /// The task's title.
    pub title: &'a str,
    /// When the task is due.
    pub due_time: Option<DateTime<Utc>>,
    /// The date on which it is due, if at no certain time of that day.
    pub due_date: Option<NaiveDate>,
    /// The IANA time zone to show the due time in; empty for UTC.
    pub time_zone: &'a str,
}

/// A way to reach users outside the mesh.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Returns which one it is.
    fn kind(&self) -> ChannelKind;

    /// Returns whether a user with these preferences can and wants to be reached this way.
    fn reaches(&self, user_id: &UserId, preferences: &Preferences) -> bool;

    /// Returns what goes with every try, so that the other side can tell a repetition.
    fn message_id(&self, reminder_id: ReminderId) -> String;

    /// Returns how long each of the two steps of a try takes at most.
    fn patience(&self) -> Duration;

    /// Prepares for a message that is about to come, such as by opening a connection; without any effect on a user.
    async fn warm_up(&self) -> Result<(), Refusal>;

    /// Takes the first step: everything up to the handing over, without any effect on the user.
    async fn open(&self, notice: Notice<'_>) -> Result<Box<dyn Handover>, Refusal>;
}

/// A channel that is ready to take one message.
#[async_trait]
pub trait Handover: Send {
    /// Takes the second step: hands the message over and waits for the answer.
    async fn hand_over(self: Box<Self>) -> Outcome;
}
