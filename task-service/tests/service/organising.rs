use service_runtime::grpc::ErrorCode;
use taskmesh_proto::{realtime::v1::TaskChange, task::v1 as pb, topics};

use crate::support::{assert_refused, fields, mask, start, titled, update, weekly};

fn in_category(category: &str, tags: &[&str]) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        category: category.to_owned(),
        tags: tags.iter().map(ToString::to_string).collect(),
        ..titled("Mow the lawn")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_shows_the_names_of_its_category_and_tags() {
    let (_, alice) = start().await;
    alice.category("Home").await;
    let task = alice
        .add(in_category("hOME", &["garden", "Outside", "garden"]))
        .await;
    assert_eq!(task.category, "Home");
    assert_eq!(task.tags, ["garden", "Outside"]);
    assert_eq!(alice.get(&task.id).await, task);

    assert_eq!(alice.tags().await, ["garden", "Outside"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_category_brings_suggestion() {
    let (_, alice) = start().await;
    alice.category("Household").await;
    let answer = alice.create_task(in_category("Houshold", &["new"])).await;
    assert_refused(
        answer,
        ErrorCode::InvalidArgument,
        "did you mean \"Household\"?",
    );
    assert!(
        alice.tags().await.is_empty(),
        "a refused task creates no tags"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_unique_per_user_in_any_case() {
    let (mesh, alice) = start().await;
    let home = alice.category("Home").await;
    let again = |name: &str| pb::CreateCategoryRequest {
        display_name: name.to_owned(),
        ..Default::default()
    };
    let answer = alice.create_category(again("HOME")).await;
    assert_refused(answer, ErrorCode::AlreadyExists, "choose another name");
    mesh.user("bob").category("Home").await;

    let work = alice.category("Work").await;
    let rename = |name: &str| pb::UpdateCategoryRequest {
        category_id: work.id.clone(),
        update_mask: mask(&["display_name"]),
        display_name: name.to_owned(),
        ..Default::default()
    };
    let answer = alice.update_category(rename("home")).await;
    assert_refused(answer, ErrorCode::AlreadyExists, "already exists");
    let renamed = alice.update_category(rename("WORK")).await.unwrap();
    assert_eq!(
        (renamed.display_name.as_str(), renamed.etag.as_str()),
        ("WORK", "2")
    );
    assert_eq!(home.etag, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_shows_on_every_task_at_once() {
    let (_, alice) = start().await;
    let home = alice.category("Home").await;
    let task = alice.add(in_category("Home", &[])).await;
    let request = pb::UpdateCategoryRequest {
        category_id: home.id.clone(),
        update_mask: mask(&["display_name", "color"]),
        display_name: "House".to_owned(),
        color: "#3366CC".to_owned(),
        ..Default::default()
    };
    let house = alice.update_category(request).await.unwrap();
    assert_eq!(house.color, "#3366cc");
    assert_eq!(alice.get(&task.id).await.category, "House");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_category_and_tag_return_with_undo() {
    let (_, alice) = start().await;
    let home = alice.category("Home").await;
    let task = alice.add(in_category("Home", &["garden", "lawn"])).await;
    let request = pb::DeleteCategoryRequest {
        category_id: home.id.clone(),
        ..Default::default()
    };
    let deleted = alice.delete_category(request.clone()).await.unwrap();
    assert!(deleted.delete_time.is_some());
    assert_eq!(alice.delete_category(request).await.unwrap(), deleted);
    assert_eq!(alice.get(&task.id).await.category, "");
    let tags = alice
        .list_tags(pb::ListTagsRequest::default())
        .await
        .unwrap();
    let gone = alice
        .delete_tag(pb::DeleteTagRequest {
            tag_id: tags.tags[0].id.clone(),
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(alice.get(&task.id).await.tags, ["lawn"]);

    let undone = alice.undo(&deleted.operation_id).await.unwrap();
    assert_eq!(undone.others[0].kind, "category");
    alice.undo(&gone.operation_id).await.unwrap();
    let back = alice.get(&task.id).await;
    assert_eq!((back.category.as_str(), back.tags.len()), ("Home", 2));

    // A resource that took the name meanwhile keeps it.
    let deleted = alice
        .delete_category(pb::DeleteCategoryRequest {
            category_id: home.id.clone(),
            ..Default::default()
        })
        .await
        .unwrap();
    alice.category("home").await;
    let undone = alice.undo(&deleted.operation_id).await.unwrap();
    assert!(undone.operation_id.is_empty());
    assert!(
        undone.not_undone[0]
            .reason
            .contains("another category now has the name")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_tagged_and_untagged_one_tag_at_a_time() {
    let (mesh, alice) = start().await;
    let task = alice.create("Mow the lawn").await;
    let tag = |name: &str| pb::TagTaskRequest {
        task_id: task.id.clone(),
        tag: name.to_owned(),
        ..Default::default()
    };
    alice.tag_task(tag("garden")).await.unwrap();
    let tagged = alice.tag_task(tag("Outside")).await.unwrap();
    assert_eq!(tagged.tags, ["garden", "Outside"]);
    assert_eq!(alice.tag_task(tag("GARDEN")).await.unwrap(), tagged);
    let request = pb::UntagTaskRequest {
        task_id: task.id.clone(),
        tag: "Garden".to_owned(),
        ..Default::default()
    };
    let untagged = alice.untag_task(request.clone()).await.unwrap();
    assert_eq!(untagged.tags, ["Outside"]);
    assert_eq!(alice.untag_task(request).await.unwrap(), untagged);
    assert_eq!(fields(alice.tag_task(tag("")).await), ["tag"]);
    assert_eq!(mesh.event_count("task-events").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_occurrence_inherits_category_tags_and_parent() {
    let (mesh, alice) = start().await;
    alice.category("Home").await;
    let garden = alice.create("Look after the garden").await;
    let request = pb::CreateTaskRequest {
        category: "Home".to_owned(),
        tags: vec!["plants".to_owned()],
        parent_task_id: garden.id.clone(),
        ..weekly()
    };
    let first = alice.add(request).await;
    alice.complete(&first.id).await.unwrap();
    let next = mesh.follow(&first).await.task.unwrap();
    assert_eq!(
        (next.category.as_str(), next.parent_task_id),
        ("Home", garden.id)
    );
    assert_eq!(next.tags, ["plants"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_replaces_the_tags_and_empties_the_category() {
    let (_, alice) = start().await;
    alice.category("Home").await;
    let task = alice.add(in_category("Home", &["garden"])).await;
    let request = pb::UpdateTaskRequest {
        tags: vec!["lawn".to_owned()],
        ..update(&task, &["tags", "category"])
    };
    let changed = alice.change(request).await;
    assert_eq!((changed.category.as_str(), changed.tags.len()), ("", 1));
    assert_eq!(changed.tags, ["lawn"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_are_listed_in_alphabetical_order_page_by_page() {
    let (mesh, alice) = start().await;
    for name in ["work", "Errands", "home", "ärger"] {
        alice.category(name).await;
    }
    mesh.user("bob").category("Bobs").await;
    let page = |page_token: &str| pb::ListCategoriesRequest {
        page_size: 3,
        page_token: page_token.to_owned(),
    };
    let first = alice.list_categories(page("")).await.unwrap();
    let second = alice
        .list_categories(page(&first.next_page_token))
        .await
        .unwrap();
    assert!(second.next_page_token.is_empty());
    let all = first.categories.iter().chain(&second.categories);
    let names: Vec<_> = all.map(|category| category.display_name.as_str()).collect();
    assert_eq!(names, ["Errands", "home", "work", "ärger"]);
    assert_eq!(
        fields(alice.list_categories(page("x")).await),
        ["page_token"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn live_clients_are_told_of_categories_and_tags() {
    let (mesh, alice) = start().await;
    let home = alice.category("Home").await;
    alice.add(in_category("", &["garden"])).await;
    let changes = mesh
        .service
        .events::<TaskChange>(&topics::TASK_UPDATES)
        .await;
    let told: Vec<_> = changes.into_iter().map(|event| event.message).collect();
    assert_eq!(told[0].category, Some(home));
    let of_others = |change: &&TaskChange| change.tag.is_some() || change.task.is_some();
    assert_eq!(told.iter().filter(of_others).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_the_categories_of_others() {
    let (mesh, _) = start().await;
    let home = mesh.user("alice").category("Home").await;
    let bob = mesh.user("bob");
    let get = pb::GetCategoryRequest {
        category_id: home.id.clone(),
    };
    assert_refused(
        bob.get_category(get.clone()).await,
        ErrorCode::NotFound,
        "does not exist",
    );
    let delete = pb::DeleteCategoryRequest {
        category_id: home.id.clone(),
        ..Default::default()
    };
    assert_refused(
        bob.delete_category(delete).await,
        ErrorCode::NotFound,
        "does not exist",
    );
    assert_refused(
        bob.undo(&home.operation_id).await,
        ErrorCode::NotFound,
        "does not exist",
    );
    assert_eq!(mesh.user("alice").get_category(get).await.unwrap(), home);
}
