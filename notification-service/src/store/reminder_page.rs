//! Table `reminders`: the user's list, page by page, with the ledger.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{
    delivery::DeliveryRow,
    reminder::{ReminderRow, all_to_domain},
    schema::{deliveries, reminders},
};
use crate::domain::{
    delivery::Delivery,
    ids::{ReminderId, TaskId},
    reminder::Reminder,
};

/// The place after which a page begins.
#[derive(Debug, Clone, Copy)]
pub struct After {
    /// The fire time of the last reminder before.
    pub fire_time: DateTime<Utc>,
    pub id: ReminderId,
}

/// Returns a user's reminders, of one task or of all, the latest fire time first.
pub async fn list(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    task_id: Option<TaskId>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Reminder>, DatabaseError> {
    let mut query = reminders::table
        .filter(reminders::user_id.eq(user_id.as_ref()))
        .order((reminders::fire_time.desc(), reminders::id.desc()))
        .limit(limit)
        .select(ReminderRow::as_select())
        .into_boxed();
    if let Some(task_id) = task_id {
        query = query.filter(reminders::task_id.eq(task_id.as_uuid()));
    }
    if let Some(After { fire_time, id }) = after {
        // A comparison of rows walks the index, where two comparisons joined by OR would not.
        query = query.filter(
            sql::<Bool>("(fire_time, id) < (")
                .bind::<Timestamptz, _>(fire_time)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        );
    }
    all_to_domain(query.fixed().load(tx).await?)
}

/// Returns the deliveries of some of a user's reminders, by channel.
pub async fn list_deliveries(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[ReminderId],
) -> Result<HashMap<ReminderId, Vec<Delivery>>, DatabaseError> {
    let rows: Vec<DeliveryRow> = deliveries::table
        .filter(deliveries::user_id.eq(user_id.as_ref()))
        .filter(deliveries::reminder_id.eq_any(ids))
        .select(DeliveryRow::as_select())
        .load(tx)
        .await?;
    let mut by_reminder: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let delivery = row.into_domain()?;
        by_reminder
            .entry(delivery.reminder_id)
            .or_default()
            .push(delivery);
    }
    for deliveries in by_reminder.values_mut() {
        deliveries.sort_by_key(|delivery| delivery.channel);
    }
    Ok(by_reminder)
}
