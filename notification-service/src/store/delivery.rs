//! Table `deliveries`: the ledger's entries and how they are settled.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, Bool, Double, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{schema::deliveries, text};
use crate::domain::{
    delivery::{Channel, Claim, Delivery, DeliveryState},
    ids::ReminderId,
};

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
    pub user_id: &'a UserId,
    pub reminder_id: ReminderId,
    pub channel: Channel,
    /// `Pending` to be tried at once, or `Sent`.
    pub state: DeliveryState,
    /// Id by which the receiver recognises a repetition; empty without a receiver.
    pub message_id: String,
}

pub async fn insert(
    tx: &mut AsyncPgConnection,
    new: &[NewDelivery<'_>],
) -> Result<(), DatabaseError> {
    let (mut user_ids, mut reminder_ids, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    let (mut states, mut settled, mut message_ids) = (Vec::new(), Vec::new(), Vec::new());
    for delivery in new {
        user_ids.push(delivery.user_id.as_ref());
        reminder_ids.push(delivery.reminder_id);
        channels.push(delivery.channel.word());
        states.push(delivery.state.word());
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

/// Brings a claimed delivery into another state; only one that is sending stays claimed. After the wait it needs attention again; without
/// one it is settled. Returns false if the claim was lost before, or if the delivery was sending already when that begins.
pub async fn update(
    tx: &mut AsyncPgConnection,
    claim: &Claim,
    state: DeliveryState,
    wait: Option<Duration>,
    reason: Option<&str>,
) -> Result<bool, DatabaseError> {
    let updated = diesel::sql_query(
        "UPDATE deliveries
         SET state = $5, wake_time = clock_timestamp() + interval '1 second' * $6, update_time = clock_timestamp(),
             claim_id = CASE WHEN $5 = 'sending' THEN claim_id END, failure_reason = coalesce($7, failure_reason)
         WHERE user_id = $1 AND reminder_id = $2 AND channel = $3 AND claim_id = $4 AND ($5 <> 'sending' OR state = 'pending')",
    )
    .bind::<Text, _>(claim.user_id.as_ref())
    .bind::<SqlUuid, _>(claim.reminder_id)
    .bind::<Text, _>(claim.channel.word())
    .bind::<SqlUuid, _>(claim.id)
    .bind::<Text, _>(state.word())
    .bind::<Nullable<Double>, _>(wait.map(|wait| wait.as_secs_f64()))
    .bind::<Nullable<Text>, _>(reason)
    .fixed()
    .execute(tx)
    .await?;
    Ok(updated == 1)
}

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
        .map(|word| text::parse("deliveries.state", word))
        .collect()
}

impl DeliveryRow {
    pub(super) fn into_domain(self) -> Result<Delivery, DatabaseError> {
        Ok(Delivery {
            reminder_id: self.reminder_id,
            channel: text::parse("deliveries.channel", &self.channel)?,
            state: text::parse("deliveries.state", &self.state)?,
            attempt_count: self.attempt_count,
            failure_reason: self.failure_reason,
            update_time: self.update_time,
        })
    }
}
