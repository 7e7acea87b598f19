use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{
    DAY, HOUR, MONDAY_NINE, assert_refused, at, fields, mask, start, titled, update, weekly,
};

/// Monday, 7 December 2026, 00:00 in Berlin.
const MONDAY: i64 = MONDAY_NINE - 9 * HOUR;

fn due_on(date: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        due_date: date.to_owned(),
        ..titled("Pay the rent")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_is_a_day_where_the_user_lives() {
    let (_, alice) = start().await;
    alice.live_in("Europe/Berlin").await;
    let task = alice.add(due_on("2026-12-07")).await;
    assert_eq!(task.due_date, "2026-12-07");
    assert_eq!(task.due_time, at(MONDAY));
    assert_eq!(task.time_zone, "Europe/Berlin");
    assert_eq!(task.due_local_time, "");

    let elsewhere = pb::CreateTaskRequest {
        time_zone: "Asia/Tokyo".to_owned(),
        ..due_on("2026-12-07")
    };
    let task = alice.add(elsewhere).await;
    assert_eq!(task.due_time, at(MONDAY - 8 * HOUR));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_time_is_read_on_the_clocks_of_its_zone() {
    let (_, alice) = start().await;
    let local = |zone: &str| pb::CreateTaskRequest {
        due_local_time: "2026-12-07T09:00:00".to_owned(),
        time_zone: zone.to_owned(),
        ..titled("Call home")
    };
    for text in [
        "2026-12-07T09:00:00",
        "2026-12-07T09:00",
        "2026-12-07 09:00",
        "2026-12-07t09:00:00",
    ] {
        let request = pb::CreateTaskRequest {
            due_local_time: text.to_owned(),
            ..local("Europe/Berlin")
        };
        let task = alice.add(request).await;
        assert_eq!(task.due_time, at(MONDAY_NINE), "{text}");
        assert_eq!(task.due_local_time, "2026-12-07T09:00:00");
        let update = pb::UpdateTaskRequest {
            task_id: task.id,
            update_mask: mask(&["due_local_time"]),
            due_local_time: text.replace("09:00", "10:00"),
            ..pb::UpdateTaskRequest::default()
        };
        let task = alice.change(update).await;
        assert_eq!(task.due_local_time, "2026-12-07T10:00:00", "{text}");
    }
    let task = alice.add(local("")).await;
    assert_eq!(
        (task.due_time, task.time_zone.as_str()),
        (at(MONDAY_NINE + HOUR), "UTC")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_is_changed_from_a_time_to_a_date_and_back_and_emptied() {
    let (_, alice) = start().await;
    let request = pb::CreateTaskRequest {
        due_time: at(MONDAY_NINE),
        time_zone: "Europe/Berlin".to_owned(),
        ..titled("Call home")
    };
    let task = alice.add(request).await;
    let to_date = pb::UpdateTaskRequest {
        due_date: "2026-12-08".to_owned(),
        ..update(&task, &["due_date"])
    };
    let dated = alice.change(to_date).await;
    assert_eq!(
        (dated.due_date.as_str(), dated.due_time),
        ("2026-12-08", at(MONDAY + DAY))
    );
    let to_time = pb::UpdateTaskRequest {
        due_time: at(MONDAY_NINE),
        ..update(&task, &["due_time", "due_date"])
    };
    let timed = alice.change(to_time).await;
    assert_eq!(
        (timed.due_date.as_str(), timed.due_time),
        ("", at(MONDAY_NINE))
    );
    let emptied = alice.change(update(&task, &["due_time"])).await;
    assert_eq!((emptied.due_date.as_str(), emptied.due_time), ("", None));
    let both = pb::UpdateTaskRequest {
        due_time: at(MONDAY_NINE),
        due_date: "2026-12-08".to_owned(),
        ..update(&task, &["due_time", "due_date"])
    };
    assert_eq!(fields(alice.update_task(both).await), ["due_time"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_of_dates_goes_on_in_dates_and_its_start_moves_along() {
    let (mesh, alice) = start().await;
    let request = pb::CreateTaskRequest {
        due_time: None,
        due_date: "2026-12-07".to_owned(),
        start_time: at(MONDAY - DAY),
        ..weekly()
    };
    let first = alice.add(request).await;
    assert_eq!(
        (first.due_date.as_str(), first.recurrence_id.as_str()),
        ("2026-12-07", "2026-12-06T00:00:00")
    );
    alice.complete(&first.id).await.unwrap();
    let next = mesh.follow(&first).await.task.unwrap();
    assert_eq!(next.due_date, "2026-12-14");
    assert_eq!(next.start_time, at(MONDAY + 6 * DAY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_without_a_zone_repeats_where_the_user_lives() {
    let (_, alice) = start().await;
    alice.live_in("America/New_York").await;
    let request = pb::CreateTaskRequest {
        time_zone: String::new(),
        ..weekly()
    };
    let task = alice.add(request).await;
    assert_eq!(task.time_zone, "America/New_York");
    let set = pb::SetRecurrenceRequest {
        task_id: task.id.clone(),
        recurrence_rule: "FREQ=DAILY".to_owned(),
        ..Default::default()
    };
    let daily = alice.set_recurrence(set.clone()).await.unwrap();
    assert_eq!(daily.recurrence_rule, "FREQ=DAILY");
    assert_ne!(daily.series_id, task.series_id);
    let ended = pb::SetRecurrenceRequest {
        recurrence_rule: String::new(),
        ..set
    };
    assert_eq!(alice.set_recurrence(ended).await.unwrap().series_id, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_time_zone_brings_suggestion() {
    let (_, alice) = start().await;
    let request = pb::UpdateSettingsRequest {
        update_mask: mask(&["time_zone"]),
        time_zone: "Berlin".to_owned(),
        ..Default::default()
    };
    let answer = alice.update_settings(request).await;
    assert_refused(answer, ErrorCode::InvalidArgument, "Europe/Berlin");
}
