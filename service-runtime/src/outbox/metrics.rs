//! The metrics of the relay, named once.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

/// How old the oldest event is that this process has yet to send.
const OLDEST: &str = "outbox_oldest_event_age_seconds";
/// How many lanes this process owns.
const LANES_OWNED: &str = "outbox_lanes_owned";
/// How many events went to the broker at once.
const BATCH: &str = "outbox_batch_events";
/// How many events the broker has acknowledged.
const RELAYED: &str = "outbox_events_relayed_total";
/// How often the database, the broker or a lost lease was in the way.
const ERRORS: &str = "outbox_relay_errors_total";

/// Gives help and units to whoever collects the metrics.
pub(super) fn describe() {
    describe_gauge!(
        OLDEST,
        Unit::Seconds,
        "Age of the oldest event that this process has yet to send, by schema"
    );
    describe_gauge!(
        LANES_OWNED,
        "Lanes of the outbox that this process owns; over all processes they add up to 16, by schema"
    );
    describe_histogram!(BATCH, "Events that went to the broker at once, by schema");
    describe_counter!(
        RELAYED,
        "Events that the broker has acknowledged, by schema"
    );
    describe_counter!(
        ERRORS,
        "Times that the database, the broker or a lost lease was in the way, by schema"
    );
}

pub(super) fn oldest(schema: &'static str, seconds: f64) {
    gauge!(OLDEST, "schema" => schema).set(seconds);
}

pub(super) fn lanes_owned(schema: &'static str, count: usize) {
    gauge!(LANES_OWNED, "schema" => schema)
        .set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
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
    fn the_names_are_these() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            oldest("task", 1.5);
            lanes_owned("task", 16);
            batch("task", 3, 2);
            error("task");
        });
        let text = handle.render();
        for line in [
            "outbox_oldest_event_age_seconds{schema=\"task\"} 1.5",
            "outbox_lanes_owned{schema=\"task\"} 16",
            "outbox_batch_events_count{schema=\"task\"} 1",
            "outbox_events_relayed_total{schema=\"task\"} 2",
            "outbox_relay_errors_total{schema=\"task\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
