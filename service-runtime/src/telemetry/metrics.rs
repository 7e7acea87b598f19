//! Metrics of this process, kept for Prometheus to collect.

use std::{sync::OnceLock, thread, time::Duration};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::postgres;

/// The bounds in seconds that durations are counted by: half a millisecond to ten seconds.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Metrics cannot be kept, because another recorder is installed or a thread cannot be started.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot set up metrics: {0}")]
pub struct MetricsError(String);

static METRICS: OnceLock<Result<PrometheusHandle, MetricsError>> = OnceLock::new();

/// Starts keeping metrics; later calls keep what the first has set up.
pub fn init() -> Result<(), MetricsError> {
    METRICS.get_or_init(install).clone().map(drop)
}

/// Returns all metrics in the Prometheus text format; empty before [`init`].
pub fn render() -> String {
    match METRICS.get() {
        Some(Ok(handle)) => handle.render(),
        _ => String::new(),
    }
}

fn install() -> Result<PrometheusHandle, MetricsError> {
    let handle = builder()
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|cause| MetricsError(cause.to_string()))?;
    postgres::describe_metrics();
    let kept = handle.clone();
    // A thread and not a task: the metrics outlive any one runtime of a test or a mesh in one process. Without it the
    // observations of histograms pile up until somebody collects them.
    thread::Builder::new()
        .name("metrics-upkeep".to_owned())
        .spawn(move || {
            loop {
                thread::sleep(UPKEEP_INTERVAL);
                kept.run_upkeep();
            }
        })
        .map_err(|cause| MetricsError(cause.to_string()))?;
    Ok(handle)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
}

/// Declares metrics, each with its kind, constant, name, unit if any, and help, and a function that registers them:
/// `metrics! { pub(super) fn describe; counter EVENTS "consumer_events_total" "Records by topic"; }`
#[macro_export]
macro_rules! metrics {
    ($visibility:vis fn $describe:ident; $($kind:ident $constant:ident $name:literal $([$unit:ident])? $help:literal;)+) => {
        $(
            #[doc = $help]
            $visibility const $constant: &str = $name;
        )+

        /// Registers the help and units of the metrics.
        $visibility fn $describe() {
            $($crate::metrics!(@$kind $constant $([$unit])? $help);)+
        }
    };
    (@counter $constant:ident $help:literal) => { ::metrics::describe_counter!($constant, $help) };
    (@gauge $constant:ident $help:literal) => { ::metrics::describe_gauge!($constant, $help) };
    (@histogram $constant:ident $help:literal) => { ::metrics::describe_histogram!($constant, $help) };
    (@gauge $constant:ident [$unit:ident] $help:literal) => {
        ::metrics::describe_gauge!($constant, ::metrics::Unit::$unit, $help)
    };
    (@histogram $constant:ident [$unit:ident] $help:literal) => {
        ::metrics::describe_histogram!($constant, ::metrics::Unit::$unit, $help)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_in_seconds_becomes_a_histogram_with_bounds() {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("step_duration_seconds").record(0.003);
        });
        let text = handle.render();
        assert!(
            text.contains("step_duration_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
        assert!(
            text.contains("step_duration_seconds_bucket{le=\"0.0025\"} 0"),
            "{text}"
        );
    }
}
