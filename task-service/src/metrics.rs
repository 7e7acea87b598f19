//! The names of this service's metrics.

use metrics::{counter, describe_counter};

use crate::domain::Change;

const COUNTERS: [(Change, &str, &str); 6] = [
    (
        Change::Created,
        "task_service_tasks_created_total",
        "Tasks created, occurrences of series included.",
    ),
    (
        Change::Updated,
        "task_service_tasks_updated_total",
        "Changes to the fields of tasks.",
    ),
    (
        Change::Completed,
        "task_service_tasks_completed_total",
        "Tasks completed.",
    ),
    (
        Change::Reopened,
        "task_service_tasks_reopened_total",
        "Tasks reopened.",
    ),
    (
        Change::Deleted,
        "task_service_tasks_deleted_total",
        "Tasks deleted.",
    ),
    (
        Change::Undeleted,
        "task_service_tasks_undeleted_total",
        "Tasks restored.",
    ),
];

/// Registers the help of the metrics.
pub fn describe() {
    for (_, name, help) in COUNTERS {
        describe_counter!(name, help);
    }
}

/// Counts one change, to be called once it is committed.
pub fn count(change: Change) {
    for (_, name, _) in COUNTERS.iter().filter(|(counted, ..)| *counted == change) {
        counter!(*name).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn every_change_has_its_counter() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            describe();
            for change in [
                Change::Created,
                Change::Updated,
                Change::Completed,
                Change::Reopened,
                Change::Deleted,
                Change::Undeleted,
            ] {
                count(change);
            }
        });
        let page = recorder.handle().render();
        for word in [
            "created",
            "updated",
            "completed",
            "reopened",
            "deleted",
            "undeleted",
        ] {
            assert!(
                page.contains(&format!("\ntask_service_tasks_{word}_total 1\n")),
                "{page}"
            );
        }
    }
}
