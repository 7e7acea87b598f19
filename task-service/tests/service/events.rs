use service_runtime::testing::RecordedEvent;
use taskmesh_proto::{realtime::v1::TaskChange, task::v1 as pb, topics};

use crate::support::{start, update, weekly};

fn by_version(
    mut events: Vec<RecordedEvent<pb::TaskEvent>>,
    task_id: &str,
) -> Vec<RecordedEvent<pb::TaskEvent>> {
    events.retain(|event| event.key == task_id);
    events.sort_by_key(|event| event.message.task_version);
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_told_to_the_world() {
    let (mesh, alice) = start().await;
    let created = alice.add(weekly()).await;
    let id = created.id.as_str();
    let request = pb::UpdateTaskRequest {
        title: "Water all plants".to_owned(),
        muted: true,
        ..update(&created, &["title", "muted", "priority"])
    };
    let updated = alice.change(request).await;
    let completed = alice.complete(id).await.unwrap();
    let reopened = alice.reopen(id).await.unwrap();
    let deleted = alice.delete(id).await.unwrap();
    let undeleted = alice.undelete(id).await.unwrap();

    let events = by_version(mesh.service.events(&topics::TASK_EVENTS).await, id);
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let kind = event.kind.strip_prefix("taskmesh.task.v1.").unwrap();
            let fields: Vec<_> = event
                .message
                .changed_fields
                .iter()
                .map(String::as_str)
                .collect();
            (kind, fields)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("TaskCreated", vec![]),
            ("TaskUpdated", vec!["title", "muted"]),
            ("TaskCompleted", vec!["state", "complete_time"]),
            ("TaskReopened", vec!["state", "complete_time"]),
            ("TaskDeleted", vec!["delete_time"]),
            ("TaskUndeleted", vec!["delete_time"]),
        ]
    );
    let states = [created, updated, completed, reopened, deleted, undeleted];
    for (index, event) in events.iter().enumerate() {
        let message = &event.message;
        assert_eq!(message.task_version, i64::try_from(index).unwrap() + 1);
        assert_eq!(message.task.as_ref(), Some(&states[index]));
        assert_eq!(
            message.previous.as_ref(),
            index.checked_sub(1).map(|before| &states[before])
        );
        assert_eq!(message.event_time, states[index].update_time);
        assert_eq!(message.event_id, event.id.to_string());
        assert_eq!(message.user_id, "alice");
        let actor = message.actor.as_ref().unwrap();
        assert_eq!(
            (actor.user_id.as_str(), actor.service.as_str()),
            ("alice", "")
        );
        let series = message.series.as_ref().unwrap();
        assert_eq!(series.series_id, states[0].series_id);
        assert_eq!(series.recurrence_rule, "FREQ=WEEKLY");
        assert_eq!(series.time_zone, "Europe/Berlin");
        assert_eq!(series.start_local, "2026-12-07T09:00:00");
        let version = message.task_version.to_string();
        assert!(
            event
                .headers
                .contains(&("ce_aggregateversion".to_owned(), version))
        );
        assert!(
            event
                .headers
                .contains(&("ce_subject".to_owned(), states[0].id.clone()))
        );
    }

    let recurrence = mesh
        .service
        .events::<pb::TaskEvent>(&topics::TASK_RECURRENCE)
        .await;
    assert_eq!(recurrence.len(), 1);
    assert_eq!(recurrence[0].key, states[0].series_id);
    assert_eq!(recurrence[0].message, events[2].message);

    let updates = mesh
        .service
        .events::<TaskChange>(&topics::TASK_UPDATES)
        .await;
    assert_eq!(updates.len(), 6);
    for (update, event) in updates.iter().zip(&events) {
        assert_eq!(update.key, "alice");
        assert_eq!(update.id, event.id);
        assert_eq!(update.message.event_id, event.message.event_id);
        assert_eq!(update.message.task, event.message.task);
        assert_eq!(update.message.task_version, event.message.task_version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn next_occurrence_names_recurrence_service_as_actor() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    alice.complete(&first.id).await.unwrap();
    let second = mesh.follow(&first).await.task.unwrap();
    let events = by_version(mesh.service.events(&topics::TASK_EVENTS).await, &second.id);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, "taskmesh.task.v1.TaskCreated");
    let message = &events[0].message;
    assert_eq!(message.task.as_ref(), Some(&second));
    assert_eq!(
        message.actor.as_ref().unwrap().service,
        "recurrence-service"
    );
    assert_eq!(
        message.series.as_ref().unwrap().start_local,
        "2026-12-07T09:00:00"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_series_is_told_field_by_field() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    alice.change(update(&task, &["recurrence_rule"])).await;
    alice.complete(&task.id).await.unwrap();
    let events = by_version(mesh.service.events(&topics::TASK_EVENTS).await, &task.id);
    assert_eq!(
        events[1].message.changed_fields,
        [
            "recurrence_rule",
            "recurrence_anchor",
            "series_id",
            "recurrence_id"
        ]
    );
    assert_eq!(events[1].message.series, None);
    // A task that no longer repeats emits no event for the recurrence-service.
    assert_eq!(mesh.event_count("task-recurrence").await, 0);
}
