//! Settles a delivery: its row, its reminder if that was the last one, and the event, in one transaction.

use service_runtime::outbox;

use crate::{
    app::App,
    domain::{
        delivery::{Claim, DeliveryState, reminder_state},
        reminder::Reminder,
    },
    error::Error,
    events::emit,
    metrics, store,
};

/// Settles a claimed delivery as sent, failed or unknown, with the reason if it was not sent.
///
/// Returns false if the claim had run out, so that another process has the delivery or it is settled.
pub async fn settle_delivery(
    app: &App,
    claim: &Claim,
    state: DeliveryState,
    reason: &str,
) -> Result<bool, Error> {
    let settled = app
        .database
        .transaction("settle_delivery", async |tx| {
            if !store::delivery::update(tx, claim, state, None, Some(reason)).await? {
                return Ok::<_, Error>(None);
            }
            // Of two channels that settle at once, the second to get here sees both.
            let reminder = store::reminder::lock(tx, &claim.user_id, claim.reminder_id).await?;
            let states =
                store::delivery::list_states(tx, &claim.user_id, claim.reminder_id).await?;
            let key = (&reminder.user_id, reminder.id);
            let step =
                store::reminder_step::update_state(tx, &[key], reminder_state(&states)).await?;
            let event = |reminder: &Reminder| {
                if state == DeliveryState::Sent {
                    emit::reminder_sent(&app.ids, reminder, claim.channel)
                } else {
                    emit::reminder_failed(&app.ids, reminder, claim.channel, reason)
                }
            };
            let events: Vec<_> = step
                .iter()
                .flat_map(|reminder| {
                    [
                        event(reminder),
                        emit::notification_changed(&app.ids, reminder),
                    ]
                })
                .collect();
            outbox::append_all(tx, &events).await?;
            Ok(step.into_iter().next())
        })
        .await?;
    if let Some(reminder) = &settled {
        metrics::settled(claim.channel, state, reminder.lateness_ms());
    }
    Ok(settled.is_some())
}
