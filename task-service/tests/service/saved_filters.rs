use service_runtime::grpc::ErrorCode;
use taskmesh_proto::{realtime::v1::TaskChange, task::v1 as pb, topics};

use crate::support::{User, assert_refused, fields, mask, start, titled};

fn saved(name: &str, filter: &str) -> pb::CreateSavedFilterRequest {
    pb::CreateSavedFilterRequest {
        display_name: name.to_owned(),
        filter: filter.to_owned(),
        ..Default::default()
    }
}

fn named(name: &str) -> pb::ListTasksRequest {
    pb::ListTasksRequest {
        saved_filter: name.to_owned(),
        order_by: "title".to_owned(),
        ..Default::default()
    }
}

async fn titles(user: &User, request: pb::ListTasksRequest) -> Vec<String> {
    let answer = user.list_tasks(request).await.unwrap();
    answer.tasks.into_iter().map(|task| task.title).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_filter_is_kept_and_told_and_lists_by_its_name() {
    let (mesh, alice) = start().await;
    for (title, priority) in [("a", pb::Priority::High), ("b", pb::Priority::Low)] {
        let request = pb::CreateTaskRequest {
            priority: priority.into(),
            ..titled(title)
        };
        alice.add(request).await;
    }
    let created = alice
        .create_saved_filter(saved(" Matters ", "priority >= high"))
        .await
        .unwrap();
    assert_eq!(created.display_name, "Matters");
    assert_eq!(created.etag, "1");
    let id = pb::GetSavedFilterRequest {
        saved_filter_id: created.id.clone(),
    };
    assert_eq!(alice.get_saved_filter(id.clone()).await.unwrap(), created);
    assert_refused(
        mesh.user("bob").get_saved_filter(id).await,
        ErrorCode::NotFound,
        "does not exist",
    );
    assert_eq!(titles(&alice, named("MATTERS")).await, ["a"]);
    let both = pb::ListTasksRequest {
        filter: "title:b".to_owned(),
        ..named("Matters")
    };
    assert!(titles(&alice, both).await.is_empty());

    let events = mesh
        .service
        .events::<TaskChange>(&topics::TASK_UPDATES)
        .await;
    let told = events
        .iter()
        .find_map(|event| event.message.saved_filter.clone());
    assert_eq!(told, Some(created));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_checked_when_it_is_saved() {
    let (_, alice) = start().await;
    for (name, filter, wrong) in [
        ("", "muted", "display_name"),
        ("x", "", "filter"),
        ("x", " ", "filter"),
        ("x", "mutde", "filter"),
    ] {
        let answer = alice.create_saved_filter(saved(name, filter)).await;
        assert_eq!(fields(answer), [wrong]);
    }
    let answer = alice.create_saved_filter(saved("x", "mutde")).await;
    assert_refused(answer, ErrorCode::InvalidArgument, "did you mean muted?");
    // The names in it need not exist.
    alice
        .create_saved_filter(saved("later", "category:later"))
        .await
        .unwrap();
    assert!(titles(&alice, named("later")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_saved_filter_brings_suggestion() {
    let (mesh, alice) = start().await;
    alice
        .create_saved_filter(saved("this week", "due < today + 7d"))
        .await
        .unwrap();
    let answer = alice.list_tasks(named("this weak")).await;
    assert_eq!(fields(answer), ["saved_filter"]);
    let answer = alice.list_tasks(named("this weak")).await;
    assert_refused(
        answer,
        ErrorCode::InvalidArgument,
        "did you mean \"this week\"?",
    );
    let answer = mesh.user("bob").list_tasks(named("this week")).await;
    assert_refused(answer, ErrorCode::InvalidArgument, "create it first");
    let answer = alice.list_tasks(named("\0")).await;
    assert_eq!(fields(answer), ["saved_filter"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_filters_are_changed_listed_deleted_and_brought_back() {
    let (_, alice) = start().await;
    let first = alice
        .create_saved_filter(saved("b", "muted"))
        .await
        .unwrap();
    alice
        .create_saved_filter(saved("A", "blocked"))
        .await
        .unwrap();
    let answer = alice.create_saved_filter(saved("B", "blocked")).await;
    assert_refused(answer, ErrorCode::AlreadyExists, "saved filter \"B\"");

    let change = pb::UpdateSavedFilterRequest {
        saved_filter_id: first.id.clone(),
        update_mask: mask(&["display_name", "filter"]),
        display_name: "c".to_owned(),
        filter: "overdue".to_owned(),
        etag: first.etag.clone(),
        ..Default::default()
    };
    let changed = alice.update_saved_filter(change.clone()).await.unwrap();
    assert_eq!(
        (
            changed.display_name.as_str(),
            changed.filter.as_str(),
            changed.etag.as_str()
        ),
        ("c", "overdue", "2")
    );
    let stale = alice.update_saved_filter(change.clone()).await;
    assert_refused(stale, ErrorCode::StaleEtag, "has changed since");
    let taken = pb::UpdateSavedFilterRequest {
        display_name: "a".to_owned(),
        etag: String::new(),
        ..change
    };
    let answer = alice.update_saved_filter(taken).await;
    assert_refused(answer, ErrorCode::AlreadyExists, "saved filter");

    let mut page = pb::ListSavedFiltersRequest {
        page_size: 1,
        ..Default::default()
    };
    let answer = alice.list_saved_filters(page.clone()).await.unwrap();
    assert_eq!(answer.saved_filters[0].display_name, "A");
    page.page_token = answer.next_page_token;
    let answer = alice.list_saved_filters(page).await.unwrap();
    assert_eq!(answer.saved_filters, std::slice::from_ref(&changed));
    assert_eq!(answer.next_page_token, "");

    let delete = pb::DeleteSavedFilterRequest {
        saved_filter_id: first.id.clone(),
        ..Default::default()
    };
    let deleted = alice.delete_saved_filter(delete.clone()).await.unwrap();
    assert!(deleted.delete_time.is_some());
    assert_eq!(alice.delete_saved_filter(delete).await.unwrap(), deleted);
    assert_eq!(fields(alice.list_tasks(named("c")).await), ["saved_filter"]);

    let undone = alice.undo(&deleted.operation_id).await.unwrap();
    assert_eq!(undone.others[0].kind, "saved_filter");
    assert!(alice.list_tasks(named("c")).await.is_ok());
}
