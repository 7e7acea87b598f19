//! Between protobuf and domain.

use std::mem;

use chrono::{DateTime, Datelike};
use serde::{Deserialize, Serialize};
use service_runtime::{
    clock::timestamp,
    grpc::{Caller, FieldViolation},
    idempotency::Call,
    page,
};
use taskmesh_proto::notification::v1 as pb;

use super::field_mask;
use crate::{
    domain::{
        delivery::{Channel, Delivery, DeliveryState},
        ids::{ReminderId, TaskId},
        preferences::{MAXIMUM_MINUTES, PreferenceChange, Preferences},
        reminder::{Reminder, ReminderState},
    },
    error::Error,
    operations::Page,
    store::reminder_page::After,
};

const PREFERENCE_FIELDS: &[&str] = &[
    "email_address",
    "email_enabled",
    "default_reminder_minutes",
    "default_reminder_enabled",
];

/// Selection of reminders: the task, the position after which the page begins, and its size.
pub(super) type Selection = (Option<TaskId>, Option<After>, i64);

/// Call that changes preferences, the changes, and the version that they are for.
pub(super) type Update = (Call, Vec<PreferenceChange>, Option<i64>);

/// Content of a page token: the position and the task of the list.
#[derive(Serialize, Deserialize)]
struct Place {
    fire_time_us: i64,
    id: ReminderId,
    task_id: Option<TaskId>,
}

pub(super) fn list_reminders(message: pb::ListRemindersRequest) -> Result<Selection, Error> {
    let pb::ListRemindersRequest {
        task_id,
        page_size,
        page_token,
    } = message;
    let mut violations = Vec::new();
    let task_id = taken(&mut violations, task_id_filter(&task_id)).flatten();
    let size = taken(&mut violations, page::size(page_size));
    let after = taken(&mut violations, place(&page_token, task_id)).flatten();
    match (size, violations.is_empty()) {
        (Some(size), true) => Ok((task_id, after, size)),
        _ => Err(Error::InvalidFields(violations)),
    }
}

pub(super) fn update_preferences(
    caller: Caller,
    mut message: pb::UpdatePreferencesRequest,
) -> Result<Update, Error> {
    let mut violations = Vec::new();
    let request_id = mem::take(&mut message.request_id);
    let validate_only = mem::take(&mut message.validate_only);
    let call = Call::new(
        caller,
        &request_id,
        validate_only,
        "UpdatePreferences",
        &message,
    );
    let call = taken(&mut violations, call);
    let pb::UpdatePreferencesRequest {
        update_mask,
        etag,
        email_address,
        email_enabled,
        default_reminder_minutes,
        default_reminder_enabled,
        request_id: _,
        validate_only: _,
    } = message;
    let mask = taken(
        &mut violations,
        field_mask::read(update_mask, PREFERENCE_FIELDS),
    );
    let mut changes = Vec::new();
    for field in mask.unwrap_or_default() {
        changes.extend(match field {
            "email_address" if email_address.is_empty() => {
                Some(PreferenceChange::EmailAddress(None))
            }
            "email_address" => {
                let parsed = email_address.parse().map_err(|error| {
                    FieldViolation::new(field, format!("{error}, or empty for none"))
                });
                let address = taken(&mut violations, parsed);
                address.map(|address| PreferenceChange::EmailAddress(Some(address)))
            }
            "email_enabled" => Some(PreferenceChange::EmailEnabled(email_enabled)),
            "default_reminder_minutes" => {
                let minutes = minutes(field, default_reminder_minutes);
                taken(&mut violations, minutes).map(PreferenceChange::DefaultReminderMinutes)
            }
            // The last one of the fields.
            _ => Some(PreferenceChange::DefaultReminderEnabled(
                default_reminder_enabled,
            )),
        });
    }
    match (call, violations.is_empty()) {
        (Some(call), true) => Ok((call, changes, version(&etag))),
        _ => Err(Error::InvalidFields(violations)),
    }
}

/// Returns the value, or notes what is wrong with it.
fn taken<T>(violations: &mut Vec<FieldViolation>, value: Result<T, FieldViolation>) -> Option<T> {
    value.map_err(|violation| violations.push(violation)).ok()
}

fn task_id_filter(text: &str) -> Result<Option<TaskId>, FieldViolation> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        FieldViolation::new(
            "task_id",
            "must be the id of a task, such as 01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60, or empty for all tasks",
        )
    })
}

fn place(token: &str, task_id: Option<TaskId>) -> Result<Option<After>, FieldViolation> {
    if token.is_empty() {
        return Ok(None);
    }
    page::decode::<Place>(token)
        .ok()
        .filter(|place| place.task_id == task_id)
        .and_then(|place| {
            let fire_time = DateTime::from_timestamp_micros(place.fire_time_us)
                .filter(|time| (0..=9_999).contains(&time.year()))?;
            Some(After {
                fire_time,
                id: place.id,
            })
        })
        .map(Some)
        .ok_or_else(|| {
            FieldViolation::new(
                "page_token",
                "must be the next_page_token of the previous response, with the same task_id",
            )
        })
}

fn minutes(field: &str, minutes: i32) -> Result<i32, FieldViolation> {
    if (0..=MAXIMUM_MINUTES).contains(&minutes) {
        Ok(minutes)
    } else {
        let description = format!("must be between 0 and {MAXIMUM_MINUTES} (four weeks)");
        Err(FieldViolation::new(field, description))
    }
}

/// An etag that no preferences ever had is as stale as one that they no longer have.
fn version(etag: &str) -> Option<i64> {
    const NEVER: i64 = -1;
    match etag {
        "" => None,
        etag => Some(etag.parse().unwrap_or(NEVER)),
    }
}

pub(super) fn page(page: Page, task_id: Option<TaskId>) -> pb::ListRemindersResponse {
    let next_page_token = match page.reminders.last() {
        Some((last, _)) if page.more => page::encode(&Place {
            fire_time_us: last.fire_time.timestamp_micros(),
            id: last.id,
            task_id,
        }),
        _ => String::new(),
    };
    pb::ListRemindersResponse {
        reminders: page
            .reminders
            .into_iter()
            .map(|(reminder, deliveries)| pb::Reminder {
                deliveries: deliveries.into_iter().map(Into::into).collect(),
                ..(&reminder).into()
            })
            .collect(),
        next_page_token,
    }
}

impl From<Preferences> for pb::Preferences {
    fn from(preferences: Preferences) -> Self {
        Self {
            email_address: preferences
                .email_address
                .map(|address| address.as_ref().to_owned())
                .unwrap_or_default(),
            email_enabled: preferences.email_enabled,
            default_reminder_minutes: preferences.default_reminder_minutes,
            default_reminder_enabled: preferences.default_reminder_enabled,
            etag: preferences.version.to_string(),
        }
    }
}

/// Without its deliveries, which events leave out and lists add.
impl From<&Reminder> for pb::Reminder {
    fn from(reminder: &Reminder) -> Self {
        Self {
            id: reminder.id.to_string(),
            task_id: reminder.task_id.to_string(),
            task_title: reminder.title.clone(),
            due_time: reminder.due_time.map(timestamp),
            fire_time: Some(timestamp(reminder.fire_time)),
            state: pb::ReminderState::from(reminder.state).into(),
            deliveries: Vec::new(),
            due_date: reminder
                .due_date
                .map(|date| date.to_string())
                .unwrap_or_default(),
        }
    }
}

impl From<Delivery> for pb::Delivery {
    fn from(delivery: Delivery) -> Self {
        Self {
            channel: pb::Channel::from(delivery.channel).into(),
            state: pb::DeliveryState::from(delivery.state).into(),
            attempt_count: delivery.attempt_count,
            update_time: Some(timestamp(delivery.update_time)),
            failure_reason: delivery.failure_reason,
        }
    }
}

impl From<Channel> for pb::Channel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::InApp => Self::InApp,
            Channel::Email => Self::Email,
        }
    }
}

impl From<ReminderState> for pb::ReminderState {
    fn from(state: ReminderState) -> Self {
        match state {
            ReminderState::Scheduled => Self::Scheduled,
            ReminderState::Firing => Self::Firing,
            ReminderState::Sent => Self::Sent,
            ReminderState::Failed => Self::Failed,
            ReminderState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<DeliveryState> for pb::DeliveryState {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Sending => Self::Sending,
            DeliveryState::Sent => Self::Sent,
            DeliveryState::Failed => Self::Failed,
            DeliveryState::Unknown => Self::Unknown,
        }
    }
}
