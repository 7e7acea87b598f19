//! Table `preferences`.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Array, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{schema::preferences, text};
use crate::domain::preferences::Preferences;

#[derive(QueryableByName)]
#[diesel(table_name = preferences)]
struct PreferencesRow {
    user_id: String,
    email_address: Option<String>,
    email_enabled: bool,
    default_reminder_minutes: i32,
    default_reminder_enabled: bool,
    version: i64,
}

/// Returns a user's preferences, or nothing if they have none of their own.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<Option<Preferences>, DatabaseError> {
    Ok(list_of(tx, &[user_id]).await?.remove(user_id))
}

/// Returns the preferences of those of the users who have some.
pub async fn list_of(
    tx: &mut AsyncPgConnection,
    user_ids: &[&UserId],
) -> Result<HashMap<UserId, Preferences>, DatabaseError> {
    list(tx, user_ids, "").await
}

/// Returns the preferences of all of the users and keeps others from changing them until the end of the transaction; several may read
/// so.
pub async fn lock_for_reading(
    tx: &mut AsyncPgConnection,
    user_ids: &[&UserId],
) -> Result<HashMap<UserId, Preferences>, DatabaseError> {
    let mut locked = list(tx, user_ids, "FOR SHARE").await?;
    let mut missing = user_ids.to_vec();
    missing.retain(|user_id| !locked.contains_key(*user_id));
    if !missing.is_empty() {
        insert_default(tx, &missing).await?;
        locked.extend(list(tx, &missing, "FOR SHARE").await?);
    }
    Ok(locked)
}

/// Returns a user's preferences and keeps everybody else from reading or changing them until the end of the transaction.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<Preferences, DatabaseError> {
    insert_default(tx, &[user_id]).await?;
    let locked = list(tx, &[user_id], "FOR UPDATE").await?.remove(user_id);
    Ok(locked.ok_or(diesel::result::Error::NotFound)?)
}

/// Returns the preferences of users; the rows are locked in one order.
async fn list(
    tx: &mut AsyncPgConnection,
    user_ids: &[&UserId],
    lock: &str,
) -> Result<HashMap<UserId, Preferences>, DatabaseError> {
    let rows: Vec<PreferencesRow> = diesel::sql_query(format!(
        "SELECT * FROM preferences WHERE user_id = ANY ($1) ORDER BY user_id {lock}"
    ))
    .bind::<Array<Text>, _>(texts(user_ids))
    .fixed()
    .load(tx)
    .await?;
    rows.into_iter()
        .map(|row| Ok((text::user_id(&row.user_id)?, row.into())))
        .collect()
}

/// Writes a user's preferences, which must be locked.
pub async fn update(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    new: &Preferences,
) -> Result<(), DatabaseError> {
    diesel::update(preferences::table.find(user_id.as_ref()))
        .set((
            preferences::email_address.eq(new.email_address.as_ref().map(AsRef::as_ref)),
            preferences::email_enabled.eq(new.email_enabled),
            preferences::default_reminder_minutes.eq(new.default_reminder_minutes),
            preferences::default_reminder_enabled.eq(new.default_reminder_enabled),
            preferences::version.eq(new.version),
            preferences::update_time.eq(diesel::dsl::now),
        ))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Makes sure that there are rows to lock.
async fn insert_default(
    tx: &mut AsyncPgConnection,
    user_ids: &[&UserId],
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "INSERT INTO preferences (user_id) SELECT user_id FROM unnest($1) AS new (user_id) ORDER BY user_id
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(texts(user_ids))
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

fn texts<'a>(user_ids: &[&'a UserId]) -> Vec<&'a str> {
    user_ids.iter().copied().map(AsRef::as_ref).collect()
}

impl From<PreferencesRow> for Preferences {
    fn from(row: PreferencesRow) -> Self {
        Self {
            // It was checked when it was written. Should a later check refuse it, the user has no address, and the reminders
            // of other users still fire.
            email_address: row.email_address.and_then(|address| address.parse().ok()),
            email_enabled: row.email_enabled,
            default_reminder_minutes: row.default_reminder_minutes,
            default_reminder_enabled: row.default_reminder_enabled,
            version: row.version,
        }
    }
}
