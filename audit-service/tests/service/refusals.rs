use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use service_runtime::{ids::Ids, testing::nul_text_accepted};
use taskmesh_proto::{
    audit::v1::{ExportRecordsRequest, ListRecordsRequest},
    topics,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::{Mesh, changed};

fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_details_bad_request();
    let violations = details
        .into_iter()
        .flat_map(|details| details.field_violations);
    violations
        .map(|violation| (violation.field, violation.description))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nul_in_filter_is_refused_with_position() {
    let mesh = Mesh::start().await;
    let mut client = mesh.client.clone();
    for (filter, place) in [
        ("action = \"\0\"", 11),
        ("event_type = \"a\0\"", 16),
        ("actor.ip_address = \"\0\"", 21),
        ("action = \"\0*\"", 11),
    ] {
        let list = ListRecordsRequest {
            filter: filter.to_owned(),
            ..ListRecordsRequest::default()
        };
        let export = ExportRecordsRequest {
            filter: filter.to_owned(),
            start_time: Some(at(1)),
            end_time: Some(at(2)),
            ..ExportRecordsRequest::default()
        };
        let listed = client
            .list_records(mesh.service.request_as("alice", list))
            .await;
        let exported = client
            .export_records(mesh.service.request_as("alice", export))
            .await;
        for refused in [listed.unwrap_err(), exported.map(drop).unwrap_err()] {
            assert_eq!(
                refused.code(),
                Code::InvalidArgument,
                "{filter:?}: {refused}"
            );
            let told = format!(
                "at character {place}: found U+0000, expected text without U+0000, which no record contains"
            );
            assert_eq!(
                violations(&refused),
                [("filter".to_owned(), told)],
                "{filter:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_refuses_text_with_nul() {
    let mesh = Mesh::start().await;
    let known = [
        ("task_id", "01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60"),
        ("start_date", "2026-12-01"),
        ("end_date", "2026-12-01"),
    ];
    let auditor = ["auditor".to_owned()];
    let accepted = nul_text_accepted(
        mesh.service.channel(),
        "taskmesh.audit.v1.AuditService",
        &known,
        |method, mut message| {
            if method == "ExportRecords" {
                set_seconds(&mut message, "start_time", 1);
                set_seconds(&mut message, "end_time", 2);
            }
            mesh.service.request_with_roles("bob", &auditor, message)
        },
    );
    assert_eq!(accepted.await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nul_in_event_becomes_replacement_character() {
    let mesh = Mesh::start().await;
    let task_id = Ids.uuid_v7();
    let mut event = changed("alice", task_id, 1);
    let actor = event.actor.as_mut().unwrap();
    for text in [
        &mut actor.user_id,
        &mut actor.service,
        &mut actor.token_id,
        &mut actor.client_id,
        &mut actor.ip_address,
        &mut actor.user_agent,
    ] {
        text.push('\0');
    }
    let task = event.task.as_mut().unwrap();
    task.title.push('\0');
    task.operation_id = "op\0".to_owned();
    let kind = "taskmesh.task.v1.Task\0Created";
    let key = task_id.to_string();
    mesh.service
        .publish(&topics::TASK_EVENTS, &key, Ids.uuid_v7(), kind, &event)
        .await;
    mesh.sealed("alice", 1).await;

    let request = ListRecordsRequest::default();
    let list = mesh
        .client
        .clone()
        .list_records(mesh.service.request_as("alice", request))
        .await;
    let [record] = list.unwrap().into_inner().records.try_into().unwrap();
    let actor = record.actor.unwrap();
    assert_eq!(
        [
            record.event_type,
            record.operation_id,
            actor.user_id,
            actor.service,
            actor.token_id,
            actor.client_id,
            actor.ip_address,
            actor.user_agent,
        ],
        [
            "taskmesh.task.v1.Task\u{fffd}Created",
            "op\u{fffd}",
            "alice\u{fffd}",
            "api-gateway\u{fffd}",
            "token-1\u{fffd}",
            "chat\u{fffd}",
            "192.0.2.1\u{fffd}",
            "curl/8\u{fffd}",
        ]
    );
    assert!(mesh.verify("alice").await.intact);
}

fn set_seconds(message: &mut DynamicMessage, field: &str, seconds: i64) {
    let kind = message
        .descriptor()
        .get_field_by_name(field)
        .unwrap()
        .kind();
    let mut time = DynamicMessage::new(kind.as_message().unwrap().clone());
    time.set_field_by_name("seconds", Value::I64(seconds));
    message.set_field_by_name(field, Value::Message(time));
}

fn at(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}
