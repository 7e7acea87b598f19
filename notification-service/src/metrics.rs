//! The metrics of this service, named once.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use crate::domain::delivery::{Channel, DeliveryState};

const LATENESS: &str = "notification_service_reminder_lateness_seconds";
const FIRED: &str = "notification_service_reminders_fired_total";
const SENT: &str = "notification_service_deliveries_sent_total";
const FAILED: &str = "notification_service_deliveries_failed_total";
const UNKNOWN: &str = "notification_service_deliveries_unknown_total";
const RETRIED: &str = "notification_service_deliveries_retried_total";

pub fn describe() {
    describe_histogram!(
        LATENESS,
        Unit::Seconds,
        "Time from the fire time of a reminder to its delivery, by channel."
    );
    describe_counter!(FIRED, "Fired reminders.");
    describe_counter!(SENT, "Deliveries accepted by the receiver, by channel.");
    describe_counter!(
        FAILED,
        "Deliveries permanently rejected or abandoned after the last attempt, by channel."
    );
    describe_counter!(
        UNKNOWN,
        "Deliveries whose response was lost and that are not repeated, by channel."
    );
    describe_counter!(
        RETRIED,
        "Delivery attempts that failed and are retried, by channel."
    );
}

pub fn fired() {
    counter!(FIRED).increment(1);
}

/// Counts a settled delivery; one that was sent also by how late it was.
pub fn settled(channel: Channel, state: DeliveryState, lateness_ms: i64) {
    let label = channel.word();
    match state {
        DeliveryState::Sent => {
            counter!(SENT, "channel" => label).increment(1);
            let lateness = Duration::from_millis(u64::try_from(lateness_ms).unwrap_or(0));
            histogram!(LATENESS, "channel" => label).record(lateness);
        }
        DeliveryState::Failed => counter!(FAILED, "channel" => label).increment(1),
        DeliveryState::Unknown => counter!(UNKNOWN, "channel" => label).increment(1),
        DeliveryState::Pending | DeliveryState::Sending => {}
    }
}

/// Counts a try that failed for the moment.
pub fn retried(channel: Channel) {
    counter!(RETRIED, "channel" => channel.word()).increment(1);
}
