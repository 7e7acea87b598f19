use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{assert_refused, at, fields, mask, start, titled};

#[tokio::test(flavor = "multi_thread")]
async fn settings_have_defaults_until_they_are_changed() {
    let (_, alice) = start().await;
    let settings = alice.settings().await;
    assert_eq!(
        (
            settings.time_zone.as_str(),
            settings.search_language.as_str()
        ),
        ("UTC", "english")
    );
    let request = pb::UpdateSettingsRequest {
        update_mask: mask(&["search_language"]),
        etag: settings.etag.clone(),
        search_language: "german".to_owned(),
        ..Default::default()
    };
    let changed = alice.update_settings(request.clone()).await.unwrap();
    assert_eq!(
        (changed.time_zone.as_str(), changed.search_language.as_str()),
        ("UTC", "german")
    );
    let stale = pb::UpdateSettingsRequest {
        search_language: "french".to_owned(),
        ..request.clone()
    };
    assert_refused(
        alice.update_settings(stale).await,
        ErrorCode::StaleEtag,
        "have changed since",
    );
    let unknown = pb::UpdateSettingsRequest {
        search_language: "germn".to_owned(),
        etag: String::new(),
        ..request
    };
    assert_refused(
        alice.update_settings(unknown).await,
        ErrorCode::InvalidArgument,
        "did you mean german?",
    );
    let nothing = pb::UpdateSettingsRequest::default();
    assert_eq!(
        fields(alice.update_settings(nothing).await),
        ["update_mask"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn context_has_local_time_and_task_counts() {
    let (_, alice) = start().await;
    alice.live_in("Asia/Tokyo").await;
    alice.category("Home").await;
    let due = |due_time| pb::CreateTaskRequest {
        due_time,
        ..titled("due")
    };
    alice.add(due(at(1_000_000_000))).await;
    alice.add(due(at(5_000_000_000))).await;
    let done = alice.create("done").await;
    alice.complete(&done.id).await.unwrap();

    let context = alice.get_context(pb::GetContextRequest {}).await.unwrap();
    assert_eq!(
        (context.user_id.as_str(), context.time_zone.as_str()),
        ("alice", "Asia/Tokyo")
    );
    assert_eq!((context.open_count, context.overdue_count), (2, 1));
    assert_eq!(context.categories, ["Home"]);
    let local: chrono::NaiveDateTime = context.local_time.parse().unwrap();
    let ahead = local.and_utc().timestamp() - context.now.unwrap().seconds;
    assert_eq!(ahead, 9 * 3_600);
    assert_eq!(context.weekday, local.format("%A").to_string());
    assert_eq!(context.limits.unwrap().batch_items, 500);
}
