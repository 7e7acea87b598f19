//! The metrics of the gRPC server, named once (OpenTelemetry conventions).

use std::time::Duration;

use metrics::{counter, gauge, histogram};

crate::metrics! {
    pub fn describe;
    counter CALLS "rpc_server_calls_total" "Completed calls, by rpc_method and rpc_response_status_code";
    histogram DURATION "rpc_server_call_duration_seconds" [Seconds] "Duration of calls";
    gauge IN_FLIGHT "rpc_server_calls_in_flight" "Calls in flight";
}

pub(super) fn call_began(method: &'static str) {
    gauge!(IN_FLIGHT, "rpc_method" => method).increment(1.0);
}

pub(super) fn call_ended(method: &'static str, code: &'static str, duration: Duration) {
    gauge!(IN_FLIGHT, "rpc_method" => method).decrement(1.0);
    let labels = [("rpc_method", method), ("rpc_response_status_code", code)];
    counter!(CALLS, &labels).increment(1);
    histogram!(DURATION, &labels).record(duration);
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
            call_began("a.B/C");
            call_ended("a.B/C", "OK", Duration::from_millis(5));
        });
        let text = handle.render();
        for line in [
            "rpc_server_calls_in_flight{rpc_method=\"a.B/C\"} 0",
            "rpc_server_calls_total{rpc_method=\"a.B/C\",rpc_response_status_code=\"OK\"} 1",
            "rpc_server_call_duration_seconds_count{rpc_method=\"a.B/C\",rpc_response_status_code=\"OK\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
