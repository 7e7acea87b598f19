//! The names of this service's metrics.

use metrics::{counter, describe_counter};

const COMPLETED: &str = "recurrence_service_completed_occurrences_total";

/// Outcome of a completed occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The next occurrence was created.
    Created,
    /// The next occurrence was there already.
    Existed,
    /// The series has no next occurrence.
    Ended,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Existed => "existed",
            Self::Ended => "ended",
        }
    }
}

pub fn describe() {
    describe_counter!(
        COMPLETED,
        "Processed completions of occurrences, by outcome: created, existed or ended."
    );
}

pub fn count(outcome: Outcome) {
    counter!(COMPLETED, "outcome" => outcome.label()).increment(1);
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn completed_occurrences_are_counted_by_outcome() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            describe();
            for outcome in [Outcome::Created, Outcome::Existed, Outcome::Ended] {
                count(outcome);
            }
        });
        let page = recorder.handle().render();
        for word in ["created", "existed", "ended"] {
            let line = format!(
                "\nrecurrence_service_completed_occurrences_total{{outcome=\"{word}\"}} 1\n"
            );
            assert!(page.contains(&line), "{page}");
        }
    }
}
