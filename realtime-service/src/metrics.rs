//! The metrics of this service, named once.

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

const STREAMS: &str = "realtime_service_streams";
const MESSAGES: &str = "realtime_service_messages_total";
const RESYNCS: &str = "realtime_service_resyncs_total";
const REFUSED: &str = "realtime_service_streams_refused_total";
const RECORDS: &str = "realtime_service_records_total";
const DELAY: &str = "realtime_service_change_delay_seconds";

pub fn describe() {
    describe_gauge!(STREAMS, "Open streams.");
    describe_counter!(MESSAGES, "Messages sent to clients, by type.");
    describe_counter!(RESYNCS, "Streams that ended with a resync, by reason.");
    describe_counter!(REFUSED, "Rejected streams, by reason.");
    describe_counter!(
        RECORDS,
        "Records read from the topic, by outcome: told, refused (invalid) or misplaced (wrong partition)."
    );
    describe_histogram!(
        DELAY,
        Unit::Seconds,
        "Time from a change until this replica received it."
    );
}

pub fn streams(open: usize) {
    gauge!(STREAMS).set(open as f64);
}

pub fn message(kind: &'static str) {
    counter!(MESSAGES, "kind" => kind).increment(1);
}

/// Counts a stream that ended with a resync.
pub fn resync(reason: &'static str) {
    counter!(RESYNCS, "reason" => reason).increment(1);
}

/// Counts a stream that did not begin.
pub fn refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

pub fn record(outcome: &'static str) {
    counter!(RECORDS, "outcome" => outcome).increment(1);
}

/// Records the delay of a change.
pub fn delay(delay: Duration) {
    histogram!(DELAY).record(delay);
}
