//! Metrics of the consumer loop.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

crate::metrics! {
    pub(super) fn describe;
    counter EVENTS "consumer_events_total" "Records by topic and outcome: handled, duplicate, parked, retried, dead_lettered";
    counter DEAD_LETTERS "consumer_dead_letters_total" "Dead letters that the broker has acknowledged, by the topic of the record";
    histogram BATCH "consumer_batch_events" "Records handled in one transaction, by topic";
    histogram DURATION "consumer_handle_duration_seconds" [Seconds] "Duration of one attempt to process a batch, by topic";
    gauge LAG "consumer_lag_records" "Consumer lag, by topic, partition and the offset that it is counted from; -1 means unknown";
    gauge PARKED "consumer_parked_records" "Records in the retry queue, by topic and partition";
    gauge WAITS "consumer_waits_for_dependency" "1 while a dependency of the handler is unavailable, by topic";
    counter REPLACED "consumer_replaced_total" "Times that a consumer failed and was replaced, by topic";
    counter STOPPED "consumer_partitions_stopped_total" "Times that a partition was stopped because its next record is gone from the broker, by topic";
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
    fn metrics_have_documented_names() {
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
