use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, Database, DatabaseError},
};

use super::schema::settings;
use crate::domain::{OperationId, SearchLanguage, Settings, TimeZone};

/// The settings of a user as they are read, and as they are kept to undo a change.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = settings, check_for_backend(diesel::pg::Pg))]
pub struct SettingsRow {
    time_zone: String,
    search_language: String,
    version: i64,
    #[diesel(select_expression = settings::operation_id.nullable())]
    operation_id: Option<OperationId>,
    #[diesel(select_expression = settings::update_time.nullable())]
    update_time: Option<DateTime<Utc>>,
}

impl SettingsRow {
    /// Returns the row of settings.
    pub fn of(settings: &Settings) -> Self {
        Self {
            time_zone: settings.time_zone.to_string(),
            search_language: settings.search_language.as_ref().to_owned(),
            version: settings.version,
            operation_id: settings.operation_id,
            update_time: settings.update_time,
        }
    }
}

impl From<SettingsRow> for Settings {
    fn from(row: SettingsRow) -> Self {
        Self {
            time_zone: TimeZone::from_stored(row.time_zone),
            search_language: SearchLanguage::parse(&row.search_language).unwrap_or_default(),
            version: row.version,
            operation_id: row.operation_id,
            update_time: row.update_time,
        }
    }
}

/// Reads the settings of a user; those of one who changed nothing are the defaults.
pub async fn find(mut tx: &AsyncPgConnection, user_id: &UserId) -> Result<Settings, DatabaseError> {
    let row: Option<SettingsRow> = settings::table
        .find(user_id.as_ref())
        .select(SettingsRow::as_select())
        .first(&mut tx)
        .await
        .optional()?;
    Ok(row.map(Settings::from).unwrap_or_default())
}

/// Adds the settings of users to those that are known, in one statement for those that are not.
pub async fn find_all(
    mut tx: &AsyncPgConnection,
    users: impl IntoIterator<Item = &UserId>,
    known: &mut HashMap<UserId, Settings>,
) -> Result<(), DatabaseError> {
    let users = users.into_iter().filter(|user| !known.contains_key(*user));
    let users: HashSet<&UserId> = users.collect();
    if users.is_empty() {
        return Ok(());
    }
    let rows: Vec<(String, SettingsRow)> = settings::table
        .filter(settings::user_id.eq_any(users.iter().map(|user| user.as_ref())))
        .select((settings::user_id, SettingsRow::as_select()))
        .fixed()
        .load(&mut tx)
        .await?;
    let mut rows: HashMap<String, SettingsRow> = rows.into_iter().collect();
    known.extend(users.into_iter().map(|user| {
        let settings = rows.remove::<str>(user.as_ref()).map(Settings::from);
        (user.clone(), settings.unwrap_or_default())
    }));
    Ok(())
}

/// Reads the settings of a user in a read of its own; `name` stands in the logs.
pub async fn read(
    database: &Database,
    name: &'static str,
    user_id: &UserId,
) -> Result<Settings, DatabaseError> {
    database
        .read(name, async |tx: &mut AsyncPgConnection| {
            find(tx, user_id).await
        })
        .await
}

/// Writes the settings of a user if they are still the version before; returns whether they were.
pub async fn save(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    changed: &Settings,
) -> Result<bool, DatabaseError> {
    let SettingsRow {
        time_zone,
        search_language,
        version,
        operation_id,
        update_time,
    } = SettingsRow::of(changed);
    let (Some(operation_id), Some(update_time)) = (operation_id, update_time) else {
        return Ok(false);
    };
    let values = (
        settings::time_zone.eq(time_zone),
        settings::search_language.eq(search_language),
        settings::version.eq(version),
        settings::operation_id.eq(operation_id),
        settings::update_time.eq(update_time),
    );
    let rows = if version == 1 {
        diesel::insert_into(settings::table)
            .values((settings::user_id.eq(user_id.as_ref()), values))
            .on_conflict_do_nothing()
            .execute(tx)
            .await?
    } else {
        diesel::update(settings::table.find(user_id.as_ref()))
            .filter(settings::version.eq(version - 1))
            .set(values)
            .fixed()
            .execute(tx)
            .await?
    };
    Ok(rows == 1)
}
