//! Table `deliveries`: the ledger's entries and how they are settled.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::{
    schema::deliveries,
    text::{self, channel_word, delivery_state_word},
};
use crate::domain::{
    delivery::{Channel, Claim, Delivery, DeliveryState},
    ids::ReminderId,
};

/// The database's clock plus a duration; a macro, because the type of the expression cannot be named.
macro_rules! later {
    ($wait:expr) => {
        sql::<Nullable<Timestamptz>>("clock_timestamp() + interval '1 second' * ")
            .bind::<Double, _>($wait.as_secs_f64())
    };
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub(super) struct DeliveryRow {
    reminder_id: ReminderId,
    channel: String,
    state: String,
    attempt_count: i32,
    failure_reason: String,
    update_time: DateTime<Utc>,
}

/// A delivery to be made, or one that is settled with its reminder's firing.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    /// Who is reminded.
    pub user_id: &'a UserId,
    /// The reminder.
    pub reminder_id: ReminderId,
    /// The channel.
    pub channel: Channel,
    /// `Pending` to be tried at once, or `Sent`.
    pub state: DeliveryState,
    /// What the other side can tell a repetition by; empty where there is no other side.
    pub message_id: String,
}

/// Enters deliveries into the ledger.
pub async fn insert(
    tx: &mut AsyncPgConnection,
    new: &[NewDelivery<'_>],
) -> Result<(), DatabaseError> {
    let (mut user_ids, mut reminder_ids, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    let (mut states, mut settled, mut message_ids) = (Vec::new(), Vec::new(), Vec::new());
    for delivery in new {
        user_ids.push(delivery.user_id.as_ref());
        reminder_ids.push(delivery.reminder_id);
        channels.push(channel_word(delivery.channel));
        states.push(delivery_state_word(delivery.state));
        settled.push(delivery.state.is_settled());
        message_ids.push(delivery.message_id.as_str());
    }
    diesel::sql_query(
        "INSERT INTO deliveries (user_id, reminder_id, channel, state, message_id, attempt_count, wake_time)
         SELECT user_id, reminder_id, channel, state, message_id,
                is_settled::integer, CASE WHEN NOT is_settled THEN clock_timestamp() END
         FROM unnest($1, $2, $3, $4, $5, $6) AS new (user_id, reminder_id, channel, state, message_id, is_settled)",
    )
    .bind::<Array<Text>, _>(user_ids)
    .bind::<Array<SqlUuid>, _>(reminder_ids)
    .bind::<Array<Text>, _>(channels)
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Text>, _>(message_ids)
    .bind::<Array<Bool>, _>(settled)
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that a claimed delivery is being handed over; if nobody reports back within `patience` it becomes unknown.
///
/// Returns false if the claim has run out and somebody else has it.
pub async fn update_sending(
    tx: &mut AsyncPgConnection,
    claim: &Claim,
    patience: Duration,
) -> Result<bool, DatabaseError> {
    let updated = diesel::update(deliveries::table.find(key(claim)))
        .filter(deliveries::claim_id.eq(claim.id))
        .filter(deliveries::state.eq(delivery_state_word(DeliveryState::Pending)))
        .set((
            deliveries::state.eq(delivery_state_word(DeliveryState::Sending)),
            deliveries::wake_time.eq(later!(patience)),
            deliveries::update_time.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .fixed()
        .execute(tx)
        .await?;
    Ok(updated == 1)
}

/// Gives a claim up and lets the delivery be tried (again) after a wait. Returns false if the claim was lost before.
pub async fn update_pending(
    tx: &mut AsyncPgConnection,
    claim: &Claim,
    wait: Duration,
    reason: &str,
) -> Result<bool, DatabaseError> {
    let updated = diesel::update(deliveries::table.find(key(claim)))
        .filter(deliveries::claim_id.eq(claim.id))
        .set((
            deliveries::state.eq(delivery_state_word(DeliveryState::Pending)),
            deliveries::wake_time.eq(later!(wait)),
            deliveries::claim_id.eq(None::<Uuid>),
            deliveries::failure_reason.eq(reason),
            deliveries::update_time.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .fixed()
        .execute(tx)
        .await?;
    Ok(updated == 1)
}

/// Settles a claimed delivery. Returns false if the claim was lost before.
pub async fn update_settled(
    tx: &mut AsyncPgConnection,
    claim: &Claim,
    state: DeliveryState,
    reason: &str,
) -> Result<bool, DatabaseError> {
    let updated = diesel::update(deliveries::table.find(key(claim)))
        .filter(deliveries::claim_id.eq(claim.id))
        .set((
            deliveries::state.eq(delivery_state_word(state)),
            deliveries::wake_time.eq(None::<DateTime<Utc>>),
            deliveries::claim_id.eq(None::<Uuid>),
            deliveries::failure_reason.eq(reason),
            deliveries::update_time.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .fixed()
        .execute(tx)
        .await?;
    Ok(updated == 1)
}

/// Returns the states of a reminder's deliveries.
pub async fn list_states(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    reminder_id: ReminderId,
) -> Result<Vec<DeliveryState>, DatabaseError> {
    let words: Vec<String> = deliveries::table
        .filter(deliveries::user_id.eq(user_id.as_ref()))
        .filter(deliveries::reminder_id.eq(reminder_id.as_uuid()))
        .select(deliveries::state)
        .load(tx)
        .await?;
    words
        .iter()
        .map(|word| text::delivery_state(word))
        .collect()
}

fn key(claim: &Claim) -> (&str, Uuid, &'static str) {
    (
        claim.user_id.as_ref(),
        claim.reminder_id.as_uuid(),
        channel_word(claim.channel),
    )
}

impl DeliveryRow {
    pub(super) fn into_domain(self) -> Result<Delivery, DatabaseError> {
        Ok(Delivery {
            reminder_id: self.reminder_id,
            channel: text::channel(&self.channel)?,
            state: text::delivery_state(&self.state)?,
            attempt_count: self.attempt_count,
            failure_reason: self.failure_reason,
            update_time: self.update_time,
        })
    }
}
