use service_runtime::ids::Ids;
use taskmesh_proto::task::v1::{self as pb, RecurrenceAnchor, task_event::Change};
use uuid::Uuid;

/// The completion of an occurrence, as the task-service tells of it.
#[derive(Clone)]
pub struct Completion {
    pub id: Uuid,
    pub event: pb::TaskEvent,
}

impl Completion {
    /// Completes an occurrence of Alice's that was scheduled at nine in the morning in Berlin on 1 December 2026.
    pub fn of(recurrence_rule: &str, complete_time: &str) -> Self {
        let id = Ids.uuid_v7();
        let task = pb::Task {
            id: Ids.uuid_v7().to_string(),
            recurrence_id: "2026-12-01T09:00:00".to_owned(),
            complete_time: Some(complete_time.parse().unwrap()),
            ..pb::Task::default()
        };
        let series = pb::Series {
            series_id: Ids.uuid_v7().to_string(),
            recurrence_rule: recurrence_rule.to_owned(),
            recurrence_anchor: RecurrenceAnchor::Schedule.into(),
            time_zone: "Europe/Berlin".to_owned(),
            start_local: "2026-11-01T09:00:00".to_owned(),
            due_after_days: None,
            due_after_seconds: Some(0),
        };
        let event = pb::TaskEvent {
            event_id: id.to_string(),
            user_id: "alice".to_owned(),
            task_version: 2,
            task: Some(task),
            series: Some(series),
            change: Some(Change::Completed(pb::TaskCompleted {})),
            ..pb::TaskEvent::default()
        };
        Self { id, event }
    }

    pub fn task(&mut self) -> &mut pb::Task {
        self.event.task.as_mut().unwrap()
    }

    pub fn series(&mut self) -> &mut pb::Series {
        self.event.series.as_mut().unwrap()
    }

    /// Makes it an occurrence of the series of another one, so that the events come in order.
    pub fn after(mut self, other: &Self) -> Self {
        let series = other.event.series.as_ref().unwrap();
        self.series().series_id = series.series_id.clone();
        self
    }
}
