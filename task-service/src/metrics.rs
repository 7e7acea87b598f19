//! The names of this service's metrics.

use metrics::counter;

use crate::domain::Change;

service_runtime::metrics! {
    pub fn describe;
    counter CREATED "task_service_tasks_created_total" "Tasks created, occurrences of series included.";
    counter UPDATED "task_service_tasks_updated_total" "Changes to the fields of tasks.";
    counter COMPLETED "task_service_tasks_completed_total" "Tasks completed.";
    counter REOPENED "task_service_tasks_reopened_total" "Tasks reopened.";
    counter DELETED "task_service_tasks_deleted_total" "Tasks deleted.";
    counter UNDELETED "task_service_tasks_undeleted_total" "Tasks restored.";
}

/// Counts one change, to be called once it is committed.
pub fn count(change: Change) {
    let name = match change {
        Change::Created => CREATED,
        Change::Updated => UPDATED,
        Change::Completed => COMPLETED,
        Change::Reopened => REOPENED,
        Change::Deleted => DELETED,
        Change::Undeleted => UNDELETED,
    };
    counter!(name).increment(1);
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
