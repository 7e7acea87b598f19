//! Table `deliveries`: which process tries what.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    dsl::sql,
    prelude::*,
    sql_types::{
        BigInt, Bool, Date, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{AsFixed, DatabaseError};
use uuid::Uuid;

use super::{schema::deliveries, text};
use crate::domain::{
    delivery::{Claim, DeliveryState, Notice},
    ids::ReminderId,
};

/// A delivery that needs attention, now claimed, with what a try needs.
#[derive(Debug)]
pub struct ClaimedDelivery {
    /// The right to attempt it.
    pub claim: Claim,
    /// `Pending`, or `Sending` if the process that was handing it over has not come back.
    pub state: DeliveryState,
    /// Number of attempts, this one included.
    pub attempt_count: i32,
    pub create_time: DateTime<Utc>,
    pub claim_time: DateTime<Utc>,
    pub notice: Notice,
    /// Whether the task still wants to be reminded of.
    pub wanted: bool,
}

#[derive(QueryableByName)]
struct ClaimedRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = SqlUuid)]
    reminder_id: ReminderId,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    attempt_count: i32,
    #[diesel(sql_type = Timestamptz)]
    create_time: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    claim_time: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Date>)]
    due_date: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Bool)]
    wanted: bool,
}

/// Claims up to `limit` deliveries that need attention, the longest waiting first.
///
/// The claim lasts for `patience`; a process that has not settled or released the delivery by then has lost it.
///
/// Does not wait for the disk: a claim that the server loses when it dies cannot be used to begin the sending.
pub async fn update_claimed(
    tx: &mut AsyncPgConnection,
    claim_id: Uuid,
    patience: Duration,
    limit: i64,
) -> Result<Vec<ClaimedDelivery>, DatabaseError> {
    let rows: Vec<ClaimedRow> = diesel::sql_query(
        "WITH waiting AS (
             SELECT user_id, reminder_id, channel FROM deliveries
             CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS in_haste
             WHERE wake_time <= (SELECT clock_timestamp())
             ORDER BY wake_time LIMIT $1
             FOR UPDATE OF deliveries SKIP LOCKED
         )
         UPDATE deliveries
         SET claim_id = $2,
             wake_time = clock_timestamp() + interval '1 second' * $3,
             attempt_count = deliveries.attempt_count + (deliveries.state = 'pending')::integer
         FROM waiting
         JOIN reminders ON reminders.user_id = waiting.user_id AND reminders.id = waiting.reminder_id
         JOIN watched_tasks AS task ON task.user_id = reminders.user_id AND task.task_id = reminders.task_id
         WHERE deliveries.user_id = waiting.user_id AND deliveries.reminder_id = waiting.reminder_id
           AND deliveries.channel = waiting.channel
         RETURNING deliveries.user_id, deliveries.reminder_id, deliveries.channel, deliveries.state,
                   deliveries.attempt_count, deliveries.create_time, clock_timestamp() AS claim_time,
                   deliveries.message_id, reminders.title, reminders.due_time, reminders.due_date,
                   reminders.time_zone, task.open AND NOT task.deleted AND NOT task.muted AS wanted",
    )
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(claim_id)
    .bind::<Double, _>(patience.as_secs_f64())
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter()
        .map(|row| row.into_claimed(claim_id))
        .collect()
}

/// Returns in how many microseconds the next delivery needs attention, less than zero if one is overdue; nothing if all are
/// settled.
pub async fn find_next_in(tx: &mut AsyncPgConnection) -> Result<Option<i64>, DatabaseError> {
    let next = deliveries::table
        .filter(deliveries::wake_time.is_not_null())
        .select(sql::<Nullable<BigInt>>(
            "(extract(epoch FROM min(wake_time) - clock_timestamp()) * 1000000)::bigint",
        ))
        .fixed()
        .get_result(tx)
        .await?;
    Ok(next)
}

impl ClaimedRow {
    fn into_claimed(self, claim_id: Uuid) -> Result<ClaimedDelivery, DatabaseError> {
        Ok(ClaimedDelivery {
            claim: Claim {
                user_id: text::user_id(&self.user_id)?,
                reminder_id: self.reminder_id,
                channel: text::parse("deliveries.channel", &self.channel)?,
                id: claim_id,
            },
            state: text::parse("deliveries.state", &self.state)?,
            attempt_count: self.attempt_count,
            create_time: self.create_time,
            claim_time: self.claim_time,
            notice: Notice {
                message_id: self.message_id,
                title: self.title,
                due_time: self.due_time,
                due_date: self.due_date,
                time_zone: self.time_zone,
            },
            wanted: self.wanted,
        })
    }
}
