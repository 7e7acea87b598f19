use prost_types::{Value, value::Kind};
use taskmesh_proto::audit::v1::{
    AuditRecord, Checkpoint, FieldChange, GetTaskHistoryRequest, ListRecordsRequest,
};
use taskmesh_proto::topics;
use tonic::Code;

use crate::support::Mesh;

fn text(text: &str) -> Value {
    Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    }
}

fn list(filter: &str, whose: &str) -> ListRecordsRequest {
    ListRecordsRequest {
        filter: filter.to_owned(),
        user_id: whose.to_owned(),
        ..ListRecordsRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn task_history_has_actors_and_changes() {
    let mesh = Mesh::start().await;
    let task_id = mesh.record("alice", 3).await;
    let request = GetTaskHistoryRequest {
        task_id: task_id.to_string(),
        ..GetTaskHistoryRequest::default()
    };
    let mut client = mesh.client.clone();
    let history = client
        .get_task_history(mesh.service.request_as("alice", request.clone()))
        .await
        .unwrap()
        .into_inner();
    let [last, _, first] = history.records.as_slice() else {
        panic!("{history:?}");
    };
    assert_eq!(
        (first.action.as_str(), first.sequence, last.sequence),
        ("task.created", 1, 3)
    );
    let title = FieldChange {
        field: "title".to_owned(),
        before: Some(text("Title 2")),
        after: Some(text("Title 3")),
    };
    assert_eq!(last.changes, [title]);
    let actor = last.actor.as_ref().unwrap();
    assert_eq!(
        (&*actor.ip_address, &*actor.user_agent, &*actor.client_id),
        ("192.0.2.1", "curl/8", "chat")
    );

    let others = client
        .get_task_history(mesh.service.request_as("bob", request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(others.records, Vec::<AuditRecord>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_records_need_the_role_of_auditors() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 1).await;
    let mut client = mesh.client.clone();
    for whose in ["alice", "-"] {
        let request = mesh.service.request_as("bob", list("", whose));
        let refused = client.list_records(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_auditors_read_is_recorded_with_them() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 2).await;
    let mut client = mesh.client.clone();
    let auditor = ["auditor".to_owned()];
    let request =
        mesh.service
            .request_with_roles("bob", &auditor, list("action = \"task.*\"", "alice"));
    let read = client.list_records(request).await.unwrap().into_inner();
    assert_eq!(read.records.len(), 2);

    let own = client
        .list_records(mesh.service.request_as("bob", list("", "")))
        .await
        .unwrap()
        .into_inner();
    let [reading] = own.records.as_slice() else {
        panic!("{own:?}");
    };
    assert_eq!(reading.action, "audit.read");
    let told: Vec<_> = reading
        .changes
        .iter()
        .map(|change| (&*change.field, change.after.clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("user_id", Some(text("alice"))),
            ("filter", Some(text("action = \"task.*\""))),
        ]
    );
    assert_eq!(reading.actor.as_ref().unwrap().ip_address, "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_reach_topic_and_file() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 2).await;
    let last = mesh.verify("alice").await.checkpoint_number;
    let told = mesh
        .service
        .events::<Checkpoint>(&topics::AUDIT_CHECKPOINTS)
        .await;
    assert!(i64::try_from(told.len()).unwrap() >= last);
    let path = mesh.folder.path().join("checkpoints.ndjson");
    let lines = service_runtime::testing::eventually("the file has it, too", async || {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        (i64::try_from(text.lines().count()).unwrap() >= last).then_some(text)
    })
    .await;
    assert!(lines.contains("\"user_id\":\"alice\""), "{lines}");
}
