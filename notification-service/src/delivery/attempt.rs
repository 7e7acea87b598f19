//! One try of one delivery.

use std::time::Duration;

use service_runtime::backoff::Backoff;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Channel;
use crate::{
    app::App,
    domain::{
        delivery::{DeliveryState, Outcome, Refusal},
        retry,
    },
    error::Error,
    metrics,
    operations::{self, DueDelivery},
};

/// Grace period at shutdown for a message in flight.
const LAST_MOMENTS: Duration = Duration::from_secs(3);
/// Time limit for storing an outcome, an outage of the database included; the delivery is unknown afterwards.
const REPORT_PATIENCE: Duration = Duration::from_secs(60);
const REPORT_BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));

/// Attempts a claimed delivery and stores the outcome.
pub(super) async fn attempt(app: &App, due: DueDelivery, stopping: &CancellationToken) {
    let Some(outcome) = outcome(app, &due, stopping).await else {
        return;
    };
    let claim = &due.claimed.claim;
    let mut failures = 0;
    // The outcome is known only here; written down it must be, for as long as the process lives.
    loop {
        match write_down(app, &due, &outcome).await {
            Ok(true) => return,
            Ok(false) => {
                warn!(
                    reminder.id = %claim.reminder_id,
                    "delivery of reminder {} was already completed, ignoring outcome {outcome:?}", claim.reminder_id
                );
                return;
            }
            Err(cause) => {
                failures += 1;
                warn!(
                    reminder.id = %claim.reminder_id, error = %cause,
                    "storing the outcome of the delivery of reminder {} failed, retrying", claim.reminder_id
                );
                if stopping.is_cancelled() {
                    // Whoever works on gives it up as unknown when the claim runs out.
                    return;
                }
                tokio::time::sleep(REPORT_BACKOFF.delay(failures)).await;
            }
        }
    }
}

/// Returns the outcome of the attempt, or nothing if there is nothing to store.
async fn outcome(app: &App, due: &DueDelivery, stopping: &CancellationToken) -> Option<Outcome> {
    let delivery = &due.claimed;
    let refused = |reason: &str| Some(Outcome::Refused(Refusal::Permanent(reason.to_owned())));
    if delivery.state == DeliveryState::Sending {
        let reason = "the process that was sending it ended before the answer came";
        return Some(Outcome::Unknown(reason.to_owned()));
    }
    if !delivery.wanted {
        return refused("the task was completed, deleted or muted before it could be sent");
    }
    let Some(channel) = channel(app, due) else {
        return refused("the channel was switched off");
    };
    let user_id = &delivery.claim.user_id;
    let opening = channel.open(user_id, &due.preferences, &delivery.notice);
    let opened = tokio::select! {
        opened = tokio::time::timeout(channel.patience(), opening) => opened,
        () = stopping.cancelled() => {
            // Whoever works on can have it at once; if this fails, when the claim runs out.
            let _ = operations::release_delivery(app, &delivery.claim, Duration::ZERO, "").await;
            return None;
        }
    };
    let handover = match opened {
        Ok(Ok(handover)) => handover,
        Ok(Err(refusal)) => return Some(Outcome::Refused(refusal)),
        Err(_elapsed) => {
            let reason = "the other side was not ready in time".to_owned();
            return Some(Outcome::Refused(Refusal::Transient(reason)));
        }
    };
    let patience = channel.patience() + REPORT_PATIENCE;
    match operations::begin_sending(app, &delivery.claim, patience).await {
        Ok(true) => {}
        Ok(false) => {
            debug!(reminder.id = %delivery.claim.reminder_id, "claim expired before the message was sent");
            return None;
        }
        Err(cause) => {
            // Whether the mark was written is not known, so the message must stay here. If it was, the delivery becomes
            // unknown when the claim runs out; if not, it is tried again then.
            warn!(reminder.id = %delivery.claim.reminder_id, error = %cause, "marking the delivery as sending failed");
            return None;
        }
    }
    let lost = |reason: &str| Outcome::Unknown(reason.to_owned());
    Some(tokio::select! {
        answer = tokio::time::timeout(channel.patience(), handover.hand_over()) => {
            answer.unwrap_or_else(|_elapsed| lost("the response did not arrive in time"))
        }
        () = last_moments(stopping) => lost("the service was stopped before the response arrived"),
    })
}

fn channel<'a>(app: &'a App, due: &DueDelivery) -> Option<&'a dyn Channel> {
    app.channels
        .iter()
        .map(AsRef::as_ref)
        .find(|channel| channel.kind() == due.claimed.claim.channel)
}

async fn last_moments(stopping: &CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(LAST_MOMENTS).await;
}

/// Returns false if the claim was lost before.
async fn write_down(app: &App, due: &DueDelivery, outcome: &Outcome) -> Result<bool, Error> {
    let (claim, id) = (&due.claimed.claim, due.claimed.claim.reminder_id);
    let settle = async |state, reason| operations::settle_delivery(app, claim, state, reason).await;
    match outcome {
        Outcome::Sent => {
            info!(reminder.id = %id, "delivered reminder {id} by {:?}", claim.channel);
            settle(DeliveryState::Sent, "").await
        }
        Outcome::Unknown(reason) => {
            warn!(reminder.id = %id, "outcome of the delivery of reminder {id} is unknown, not retrying: {reason}");
            settle(DeliveryState::Unknown, reason).await
        }
        Outcome::Refused(Refusal::Permanent(reason)) => {
            info!(reminder.id = %id, "delivery of reminder {id} was rejected: {reason}");
            settle(DeliveryState::Failed, reason).await
        }
        Outcome::Refused(Refusal::Transient(reason)) => match next_wait(due) {
            Some(wait) => {
                info!(reminder.id = %id, "delivery of reminder {id} failed, retrying in {} ms: {reason}", wait.as_millis());
                let released = operations::release_delivery(app, claim, wait, reason).await?;
                metrics::retried(claim.channel);
                Ok(released)
            }
            None => {
                info!(reminder.id = %id, "delivery of reminder {id} failed after the last attempt: {reason}");
                settle(DeliveryState::Failed, reason).await
            }
        },
    }
}

fn next_wait(due: &DueDelivery) -> Option<Duration> {
    let delivery = &due.claimed;
    let tries = u32::try_from(delivery.attempt_count).unwrap_or(0);
    let since_first = (delivery.claim_time - delivery.create_time)
        .to_std()
        .unwrap_or_default();
    retry::next_wait(tries, since_first)
}
