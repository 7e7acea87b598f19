use std::time::{Duration, Instant};

use futures::StreamExt;
use taskmesh_proto::task::v1 as pb;

use crate::{
    files::{csv, export, exported, import, ndjson},
    support::{at, fields, minutes_before, start, weekly},
};

#[tokio::test]
async fn tasks_are_exported_one_json_object_a_line_the_oldest_first() {
    let (_, alice) = start().await;
    let plain = alice.create("Plain").await;
    let full = alice
        .add(pb::CreateTaskRequest {
            description: "one\ntwo".to_owned(),
            priority: pb::Priority::High.into(),
            reminders: vec![minutes_before(30)],
            tags: vec!["b".to_owned(), "a".to_owned()],
            parent_task_id: plain.id.clone(),
            depends_on: vec![plain.id.clone()],
            start_time: at(1_790_000_000),
            ..weekly()
        })
        .await;

    let (content_type, file) = exported(&alice, pb::ExportTasksRequest::default()).await;
    assert_eq!(content_type, "application/x-ndjson");
    let lines: Vec<serde_json::Value> = file
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["id"], plain.id.as_str());
    assert_eq!(lines[0]["priority"], "PRIORITY_MEDIUM");
    assert_eq!(lines[0].get("due_time"), None);
    assert_eq!(lines[1]["id"], full.id.as_str());
    assert_eq!(lines[1]["due_time"], "2026-12-07T08:00:00Z");
    assert_eq!(lines[1]["due_local_time"], "2026-12-07T09:00:00");
    assert_eq!(lines[1]["recurrence_anchor"], "RECURRENCE_ANCHOR_SCHEDULE");
    assert_eq!(lines[1]["reminders"][0]["minutes_before_due"], 30);
    assert_eq!(lines[1]["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(lines[1]["depends_on"][0], plain.id.as_str());
}

#[tokio::test]
async fn deleted_tasks_are_exported_only_if_asked_for() {
    let (mesh, alice) = start().await;
    let gone = alice.create("Gone").await;
    alice.delete(&gone.id).await.unwrap();
    let (_, file) = exported(&alice, pb::ExportTasksRequest::default()).await;
    assert_eq!(file, "");
    let (_, file) = exported(
        &alice,
        pb::ExportTasksRequest {
            show_deleted: true,
            ..Default::default()
        },
    )
    .await;
    assert!(file.contains("\"delete_time\""));
    let (_, file) = exported(&mesh.user("bob"), csv()).await;
    assert_eq!(
        file.lines().count(),
        1,
        "the header and nothing else: {file}"
    );
}

#[tokio::test]
async fn an_export_of_many_tasks_comes_in_parts() {
    let (_, alice) = start().await;
    let large = "ü".repeat(20_000);
    let line = |number: usize| {
        let description = if number < 8 { large.as_str() } else { "" };
        format!("{{\"title\":\"task {number}\",\"description\":\"{description}\"}}\n")
    };
    let file: String = (0..205).map(line).collect();
    let imported = import(&alice, "application/x-ndjson", file).await.unwrap();
    assert_eq!(imported.created_count, 205);

    let mut parts = export(&alice, ndjson()).await.unwrap();
    let (mut count, mut file) = (0, Vec::new());
    while let Some(part) = parts.next().await {
        let part = part.unwrap();
        assert!(part.data.len() <= 256 * 1024);
        file.extend(part.data);
        count += 1;
    }
    // The first page has more than 256 KB, and another one comes after it.
    assert_eq!(count, 2 + 1);
    let file = String::from_utf8(file).unwrap();
    assert_eq!(file.lines().count(), 205);
    let ids: Vec<_> = file.lines().map(|line| &line[..45]).collect();
    assert!(ids.is_sorted());
}

#[tokio::test]
async fn an_export_that_nobody_reads_on_holds_nothing_up() {
    let (_, alice) = start().await;
    alice.create("One").await;
    let mut exports = Vec::new();
    for _ in 0..50 {
        exports.push(export(&alice, ndjson()).await.unwrap());
    }
    let begin = Instant::now();
    alice.create("Two").await;
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_unknown_format_is_refused() {
    let (_, alice) = start().await;
    let answer = export(
        &alice,
        pb::ExportTasksRequest {
            format: 99,
            filter: "priority >".to_owned(),
            ..Default::default()
        },
    )
    .await;
    assert_eq!(fields(answer), ["format", "filter"]);
}
