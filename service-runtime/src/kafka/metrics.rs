//! The metrics of the consumer loop, named once.

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

/// What became of records.
const EVENTS: &str = "consumer_events_total";
/// Records sent to the dead-letter topic.
const DEAD_LETTERS: &str = "consumer_dead_letters_total";
/// How many records were handled in one transaction.
const BATCH: &str = "consumer_batch_events";
/// How long such a transaction took, with the calls before it.
const DURATION: &str = "consumer_handle_duration_seconds";
/// How many records lie before the consumer.
const LAG: &str = "consumer_lag_records";
/// How many records wait for another try, or behind one that does.
const PARKED: &str = "consumer_parked_records";
/// Whether a dependency is down.
const WAITS: &str = "consumer_waits_for_dependency";
/// How often a consumer was replaced by a new one.
const REPLACED: &str = "consumer_replaced_total";
/// How often a partition was stopped because its next record is gone.
const STOPPED: &str = "consumer_partitions_stopped_total";

/// Registers help and units of the metrics.
pub(super) fn describe() {
    describe_counter!(
        EVENTS,
        "Records by topic and outcome: handled, duplicate, parked, retried, dead_lettered"
    );
    describe_counter!(
        DEAD_LETTERS,
        "Records that the dead-letter topic has acknowledged, by the topic they came on"
    );
    describe_histogram!(BATCH, "Records handled in one transaction, by topic");
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time that one attempt at a batch took, by topic"
    );
    describe_gauge!(
        LAG,
        "Records before the consumer, by topic, partition and what it is counted from; -1 means unknown"
    );
    describe_gauge!(
        PARKED,
        "Records that wait for another try, or behind one that does, by topic and partition"
    );
    describe_gauge!(
        WAITS,
        "1 while the consumer of a topic waits for something that its handler needs"
    );
    describe_counter!(
        REPLACED,
        "Times that a consumer failed or stood still and was replaced, by topic"
    );
    describe_counter!(
        STOPPED,
        "Times that a partition was stopped because its next record is gone from the broker, by topic"
    );
}

pub(super) fn event(topic: &'static str, outcome: &'static str) {
    counter!(EVENTS, "topic" => topic, "outcome" => outcome).increment(1);
}

pub(super) fn dead_letter(topic: &str) {
    counter!(DEAD_LETTERS, "topic" => topic.to_owned()).increment(1);
}

pub(super) fn attempt(topic: &'static str, events: usize, took: Duration) {
    histogram!(BATCH, "topic" => topic)
        .record(f64::from(u32::try_from(events).unwrap_or(u32::MAX)));
    histogram!(DURATION, "topic" => topic).record(took);
}

pub(super) fn lag(topic: &str, partition: i32, of: &'static str, records: i64) {
    gauge!(LAG, "topic" => topic.to_owned(), "partition" => partition.to_string(), "of" => of)
        .set(records as f64);
}

pub(super) fn parked(topic: &'static str, partition: i32, count: usize) {
    gauge!(PARKED, "topic" => topic, "partition" => partition.to_string()).set(count as f64);
}

pub(super) fn waits_for_dependency(topic: &'static str, waits: bool) {
    gauge!(WAITS, "topic" => topic).set(f64::from(u8::from(waits)));
}

pub(super) fn replaced(topic: &'static str) {
    counter!(REPLACED, "topic" => topic).increment(1);
}

pub(super) fn stopped(topic: &'static str) {
    counter!(STOPPED, "topic" => topic).increment(1);
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn the_names_are_these() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        ::metrics::with_local_recorder(&recorder, || {
            describe();
            event("task-events", "handled");
            dead_letter("task-events");
            attempt("task-events", 3, Duration::from_millis(2));
            lag("task-events", 0, "committed", -1);
            parked("task-events", 1, 2);
            waits_for_dependency("task-events", true);
            replaced("task-events");
            stopped("task-events");
        });
        let text = handle.render();
        for line in [
            "consumer_events_total{topic=\"task-events\",outcome=\"handled\"} 1",
            "consumer_dead_letters_total{topic=\"task-events\"} 1",
            "consumer_batch_events_count{topic=\"task-events\"} 1",
            "consumer_handle_duration_seconds_count{topic=\"task-events\"} 1",
            "consumer_lag_records{topic=\"task-events\",partition=\"0\",of=\"committed\"} -1",
            "consumer_parked_records{topic=\"task-events\",partition=\"1\"} 2",
            "consumer_waits_for_dependency{topic=\"task-events\"} 1",
            "consumer_replaced_total{topic=\"task-events\"} 1",
            "consumer_partitions_stopped_total{topic=\"task-events\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
