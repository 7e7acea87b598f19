//! Interface of all channels.

use std::time::Duration;

use async_trait::async_trait;
use service_runtime::ids::UserId;

use crate::domain::{
    delivery::{Channel as ChannelKind, Notice, Outcome, Refusal},
    ids::ReminderId,
    preferences::Preferences,
};

/// A way to reach users outside the mesh.
#[async_trait]
pub trait Channel: Send + Sync {
    fn kind(&self) -> ChannelKind;

    /// Returns whether a user with these preferences can and wants to be reached this way.
    fn reaches(&self, user_id: &UserId, preferences: &Preferences) -> bool;

    /// Returns the id by which the receiver recognises a repetition.
    fn message_id(&self, reminder_id: ReminderId) -> String;

    /// Returns the time limit of each of the two steps of an attempt.
    fn patience(&self) -> Duration;

    /// Prepares for a message that is about to come, such as by opening a connection; without any effect on a user.
    async fn warm_up(&self) -> Result<(), Refusal>;

    /// Takes the first step: everything up to the handing over, without any effect on the user.
    async fn open(
        &self,
        user_id: &UserId,
        preferences: &Preferences,
        notice: &Notice,
    ) -> Result<Box<dyn Handover>, Refusal>;
}

/// A channel that is ready to take one message.
#[async_trait]
pub trait Handover: Send {
    /// Takes the second step: hands the message over and waits for the answer.
    async fn hand_over(self: Box<Self>) -> Outcome;
}
