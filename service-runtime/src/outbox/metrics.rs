//! Metrics of the relay.

use metrics::{counter, gauge, histogram};

crate::metrics! {
    pub(super) fn describe;
    gauge OLDEST "outbox_oldest_event_age_seconds" [Seconds] "Age of the oldest event that this process has not sent yet, by schema";
    gauge ACTIVE "outbox_relay_active" "1 if the relay of this process is the active one; over all processes the sum is 1, by schema";
    histogram BATCH "outbox_batch_events" "Events sent to the broker in one batch, by schema";
    counter RELAYED "outbox_events_relayed_total" "Events that the broker has acknowledged, by schema";
    counter ERRORS "outbox_relay_errors_total" "Rounds of the relay that failed because of the database or the broker, by schema";
}

pub(super) fn oldest(schema: &'static str, seconds: f64) {
    gauge!(OLDEST, "schema" => schema).set(seconds);
}

pub(super) fn active(schema: &'static str, is_active: bool) {
    gauge!(ACTIVE, "schema" => schema).set(f64::from(u8::from(is_active)));
}

pub(super) fn batch(schema: &'static str, events: usize, acknowledged: usize) {
    histogram!(BATCH, "schema" => schema)
        .record(f64::from(u32::try_from(events).unwrap_or(u32::MAX)));
    counter!(RELAYED, "schema" => schema).increment(acknowledged as u64);
}

pub(super) fn error(schema: &'static str) {
    counter!(ERRORS, "schema" => schema).increment(1);
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn metrics_have_documented_names() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            oldest("task", 1.5);
            active("task", true);
            batch("task", 3, 2);
            error("task");
        });
        let text = handle.render();
        for line in [
            "outbox_oldest_event_age_seconds{schema=\"task\"} 1.5",
            "outbox_relay_active{schema=\"task\"} 1",
            "outbox_batch_events_count{schema=\"task\"} 1",
            "outbox_events_relayed_total{schema=\"task\"} 2",
            "outbox_relay_errors_total{schema=\"task\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
