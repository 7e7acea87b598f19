//! The names of this service's metrics.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use metrics::{counter, describe_counter};
use service_runtime::kafka::Known;
use uuid::Uuid;

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

/// Outcomes of events until they are committed.
#[derive(Default)]
pub struct Outcomes(Mutex<HashMap<Uuid, Outcome>>);

impl Outcomes {
    /// Keeps the outcome of an event.
    pub fn set(&self, event_id: Uuid, outcome: Outcome) {
        self.lock().insert(event_id, outcome);
    }

    /// Counts the outcome of a committed event if the event is new, so that a redelivered one counts once.
    pub fn commit(&self, event_id: Uuid, known: Known) {
        if let (Some(outcome), Known::New) = (self.lock().remove(&event_id), known) {
            counter!(COMPLETED, "outcome" => outcome.label()).increment(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Outcome>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn redelivered_completion_is_counted_once() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            describe();
            let outcomes = Outcomes::default();
            for (outcome, known) in [
                (Outcome::Created, Known::New),
                (Outcome::Existed, Known::Handled),
                (Outcome::Ended, Known::New),
            ] {
                outcomes.set(Uuid::nil(), outcome);
                outcomes.commit(Uuid::nil(), known);
                outcomes.commit(Uuid::nil(), Known::New);
            }
        });
        let page = recorder.handle().render();
        let counted = |word: &str| page.contains(&format!("{COMPLETED}{{outcome=\"{word}\"}} 1\n"));
        let words = ["created", "existed", "ended"].map(counted);
        assert_eq!(words, [true, false, true], "{page}");
    }
}
