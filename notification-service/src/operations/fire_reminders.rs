//! Fires reminders whose time has come: each becomes rows of the ledger, one a channel, in one transaction.
//!
//! The database's clock decides, so that none fires early, and the row's own lock, so that none fires twice, however many
//! schedulers there are.

use service_runtime::{
    outbox,
    postgres::{AsyncPgConnection, DatabaseError},
};

use crate::{
    app::App,
    domain::{
        delivery::{Channel, DeliveryState},
        preferences::Preferences,
        reminder::{Reminder, ReminderState},
    },
    error::Error,
    events::emit,
    metrics,
    store::{self, delivery::NewDelivery},
};

/// Fired reminders.
#[derive(Debug, Clone, Copy)]
pub struct Fired {
    pub count: usize,
    /// If none fired: in how many microseconds the next one is due, less than zero if one is overdue; nothing if none is
    /// scheduled.
    pub next_in_us: Option<i64>,
}

/// Fires up to `limit` overdue reminders, the most overdue first.
pub async fn fire_reminders(app: &App, limit: i64) -> Result<Fired, Error> {
    let (fired, next_in_us) = app
        .database
        .transaction("fire_reminders", async |tx| {
            let fired = fire(app, tx, limit).await?;
            let next_in_us = match fired.is_empty() {
                true => store::reminder::find_next_in(tx).await?,
                false => None,
            };
            Ok::<_, Error>((fired, next_in_us))
        })
        .await?;
    if fired
        .iter()
        .any(|reminder| reminder.state == ReminderState::Firing)
    {
        app.fired.notify_one();
    }
    for reminder in &fired {
        metrics::fired();
        metrics::settled(Channel::InApp, DeliveryState::Sent, reminder.lateness_ms());
    }
    Ok(Fired {
        count: fired.len(),
        next_in_us,
    })
}

async fn fire(
    app: &App,
    tx: &mut AsyncPgConnection,
    limit: i64,
) -> Result<Vec<Reminder>, DatabaseError> {
    let due = store::reminder::lock_due(tx, limit).await?;
    if due.is_empty() {
        return Ok(due);
    }
    let user_ids: Vec<_> = due.iter().map(|reminder| &reminder.user_id).collect();
    let preferences = store::preferences::list_of(tx, &user_ids).await?;
    let defaults = Preferences::default();

    let channels = |reminder: &Reminder| -> Vec<_> {
        let preferences = preferences.get(&reminder.user_id).unwrap_or(&defaults);
        let channels = app.channels.iter();
        channels
            .filter(|channel| channel.reaches(&reminder.user_id, preferences))
            .collect()
    };
    let mut deliveries = Vec::new();
    let (mut outward, mut done) = (Vec::new(), Vec::new());
    for reminder in &due {
        let delivery = |channel, state, message_id| NewDelivery {
            user_id: &reminder.user_id,
            reminder_id: reminder.id,
            channel,
            state,
            message_id,
        };
        let channels = channels(reminder);
        let key = (&reminder.user_id, reminder.id);
        match channels.is_empty() {
            true => done.push(key),
            false => outward.push(key),
        }
        deliveries.extend(channels.into_iter().map(|channel| {
            let message_id = channel.message_id(reminder.id);
            delivery(channel.kind(), DeliveryState::Pending, message_id)
        }));
        // In the list it is as soon as the transaction commits.
        let in_app = delivery(Channel::InApp, DeliveryState::Sent, String::new());
        deliveries.push(in_app);
    }
    store::delivery::insert(tx, &deliveries).await?;

    let mut fired = Vec::with_capacity(due.len());
    for (reminders, state) in [
        (outward, ReminderState::Firing),
        (done, ReminderState::Sent),
    ] {
        if !reminders.is_empty() {
            fired.extend(store::reminder_step::update_state(tx, &reminders, state).await?);
        }
    }
    let events: Vec<_> = fired
        .iter()
        .flat_map(|reminder| {
            [
                emit::reminder_sent(&app.ids, reminder, Channel::InApp),
                emit::notification_changed(&app.ids, reminder),
            ]
        })
        .collect();
    outbox::append_all(tx, &events).await?;
    Ok(fired)
}
