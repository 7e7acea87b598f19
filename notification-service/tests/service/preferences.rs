use chrono::TimeDelta;
use service_runtime::{
    grpc::{ErrorCode, FieldViolation},
    testing::eventually,
};
use taskmesh_proto::{
    notification::v1::{self as pb, ReminderState, reminder_event::Change},
    task::v1::reminder_setting::When,
};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{TaskBuilder, Wire};

fn request() -> pb::UpdatePreferencesRequest {
    pb::UpdatePreferencesRequest::default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_has_changed_nothing_has_the_defaults() {
    let wire = Wire::start().await;
    let preferences = wire.preferences("alice").await;
    assert_eq!(preferences.email_address, "");
    assert!(preferences.email_enabled && preferences.default_reminder_enabled);
    assert_eq!(preferences.default_reminder_minutes, 60);
    assert!(!preferences.etag.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn update_changes_masked_fields_of_one_user() {
    let wire = Wire::start().await;
    let before = wire.preferences("alice").await;
    let update = pb::UpdatePreferencesRequest {
        email_address: "alice@example.org".to_owned(),
        default_reminder_minutes: 15,
        ..request()
    };
    let after = wire
        .update("alice", &["email_address"], update)
        .await
        .unwrap();
    assert_eq!(after.email_address, "alice@example.org");
    assert_eq!(after.default_reminder_minutes, 60);
    assert!(after.email_enabled);
    assert_ne!(after.etag, before.etag);
    assert_eq!(wire.preferences("alice").await, after);
    assert_eq!(wire.preferences("bob").await, before);

    let emptied = wire
        .update("alice", &["email_address", "email_enabled"], request())
        .await
        .unwrap();
    assert_eq!(
        (emptied.email_address.as_str(), emptied.email_enabled),
        ("", false)
    );
    let events = eventually("both changes are events", async || {
        let events = wire.events().await;
        (events.len() == 2).then_some(events)
    });
    let events = events.await;
    let event = &events[0].message;
    assert_eq!(events[0].key, "alice");
    assert_eq!(event.actor.as_ref().unwrap().user_id, "alice");
    let updated = pb::PreferencesUpdated {
        previous: Some(before),
        preferences: Some(after),
    };
    assert_eq!(event.change, Some(Change::PreferencesUpdated(updated)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stale_etag_changes_nothing() {
    let wire = Wire::start().await;
    let first = wire.preferences("alice").await;
    let update = |etag: &str, minutes| pb::UpdatePreferencesRequest {
        etag: etag.to_owned(),
        default_reminder_minutes: minutes,
        ..request()
    };
    let paths = ["default_reminder_minutes"];
    let second = wire
        .update("alice", &paths, update(&first.etag, 10))
        .await
        .unwrap();
    for etag in [first.etag.as_str(), "no etag at all"] {
        let refusal = wire
            .update("alice", &paths, update(etag, 20))
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::Aborted);
        assert_eq!(ErrorCode::of(&refusal), ErrorCode::StaleEtag);
        let metadata = refusal.get_details_error_info().unwrap().metadata;
        assert_eq!(metadata["etag"], second.etag);
    }
    assert_eq!(wire.preferences("alice").await, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn invalid_update_names_every_field() {
    let wire = Wire::start().await;
    let update = pb::UpdatePreferencesRequest {
        email_address: "alice at example.org".to_owned(),
        default_reminder_minutes: 40_321,
        ..request()
    };
    let paths = ["email_address", "default_reminder_minutes"];
    let refusal = wire.update("alice", &paths, update).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);
    let violations = FieldViolation::all_of(&refusal);
    let fields: Vec<_> = violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, paths);
    // What was given is not repeated: it may be an address.
    assert!(!refusal.message().contains("alice at"), "{refusal:?}");

    let refusal = wire
        .update("alice", &["email_adress"], request())
        .await
        .unwrap_err();
    let violations = FieldViolation::all_of(&refusal);
    assert_eq!(violations[0].field, "update_mask");
    assert!(
        violations[0]
            .description
            .contains("did you mean \"email_address\"?"),
        "{violations:?}"
    );

    let refusal = wire.update("alice", &[], request()).await.unwrap_err();
    assert_eq!(FieldViolation::all_of(&refusal)[0].field, "update_mask");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn default_reminders_follow_the_preferences_and_others_stay() {
    let wire = Wire::start().await;
    let with_default = TaskBuilder::new("alice", TimeDelta::hours(5));
    let with_own =
        TaskBuilder::new("alice", TimeDelta::hours(8)).remind(When::MinutesBeforeDue(60));
    let of_bob = TaskBuilder::new("bob", TimeDelta::hours(5));
    for task in [&with_default, &with_own, &of_bob] {
        wire.publish(task).await;
    }
    eventually("all are scheduled", async || {
        let count = wire.reminders("alice").await.len() + wire.reminders("bob").await.len();
        (count == 3).then_some(())
    })
    .await;
    let before = wire.reminders("bob").await;

    let update = pb::UpdatePreferencesRequest {
        default_reminder_minutes: 30,
        ..request()
    };
    wire.update("alice", &["default_reminder_minutes"], update)
        .await
        .unwrap();
    assert_eq!(wire.versions(&with_default).await, [2]);
    assert_eq!(wire.versions(&with_own).await, [1]);
    assert_eq!(wire.reminders("bob").await, before);

    let off = wire
        .update("alice", &["default_reminder_enabled"], request())
        .await
        .unwrap();
    assert!(!off.default_reminder_enabled);
    wire.reminder_in("alice", ReminderState::Cancelled).await;
    let on = pb::UpdatePreferencesRequest {
        default_reminder_enabled: true,
        ..request()
    };
    wire.update("alice", &["default_reminder_enabled"], on)
        .await
        .unwrap();
    assert_eq!(wire.reminders("alice").await.len(), 3);
    assert_eq!(wire.versions(&with_default).await, [3, 1]);
}
