//! U+0000, which PostgreSQL cannot store, in every text that a caller can send.

use service_runtime::{page, testing::nul_text_accepted};
use taskmesh_proto::task::v1 as pb;

use crate::support::{fields, start, weekly};

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_refuses_text_with_nul() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let category = alice.category("home").await;
    let tag = alice
        .create_tag(pb::CreateTagRequest {
            display_name: "urgent".to_owned(),
            ..Default::default()
        })
        .await
        .unwrap();
    let saved_filter = alice
        .create_saved_filter(pb::CreateSavedFilterRequest {
            display_name: "muted ones".to_owned(),
            filter: "muted".to_owned(),
            ..Default::default()
        })
        .await
        .unwrap();
    let known = [
        ("task_id", task.id.as_str()),
        ("parent_task_id", task.id.as_str()),
        ("previous_task_id", task.id.as_str()),
        ("series_id", task.series_id.as_str()),
        ("operation_id", task.operation_id.as_str()),
        ("category_id", category.id.as_str()),
        ("tag_id", tag.id.as_str()),
        ("saved_filter_id", saved_filter.id.as_str()),
        ("recurrence_id", "2026-12-14T09:00:00"),
        ("due_date", "2026-12-07"),
        ("tag", "urgent"),
        ("title", "Water the plants"),
        ("display_name", "garden"),
        ("query", "plants"),
        ("filter", "title:\"plants\""),
        ("time_zone", "Europe/Berlin"),
        ("content_type", "text/csv"),
    ];
    let mut accepted = Vec::new();
    for service in [
        "TaskService",
        "CategoryService",
        "TagService",
        "SavedFilterService",
        "SettingsService",
    ] {
        let name = format!("taskmesh.task.v1.{service}");
        let found =
            nul_text_accepted(
                mesh.service.channel(),
                &name,
                &known,
                |method, message| match method {
                    "CreateOccurrence" => {
                        mesh.service
                            .request_from("recurrence-service", "alice", message)
                    }
                    _ => mesh.service.request_as("alice", message),
                },
            );
        accepted.extend(found.await);
    }
    assert_eq!(accepted, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn page_tokens_with_nul_are_refused() {
    let (_, alice) = start().await;
    let page_token = page::encode(&"a\0b");
    let tags = pb::ListTagsRequest {
        page_token: page_token.clone(),
        ..Default::default()
    };
    assert_eq!(fields(alice.list_tags(tags).await), ["page_token"]);
    let categories = pb::ListCategoriesRequest {
        page_token: page_token.clone(),
        ..Default::default()
    };
    assert_eq!(
        fields(alice.list_categories(categories).await),
        ["page_token"]
    );
    let saved_filters = pb::ListSavedFiltersRequest {
        page_token,
        ..Default::default()
    };
    let answer = alice.list_saved_filters(saved_filters).await;
    assert_eq!(fields(answer), ["page_token"]);
}
