//! Questions over gRPC, and what is answered.

use prost_types::Timestamp;
use service_runtime::grpc::{ErrorCode, FieldViolation};
use taskmesh_proto::{
    recurrence::v1::{self as pb, recurrence_service_client::RecurrenceServiceClient},
    task::v1::RecurrenceAnchor,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::Mesh;

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

fn question(recurrence_rule: &str) -> pb::ValidateRuleRequest {
    pb::ValidateRuleRequest {
        recurrence_rule: recurrence_rule.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        start_time: time("2026-12-01T08:00:00Z"),
        recurrence_anchor: RecurrenceAnchor::Unspecified.into(),
    }
}

fn preview(recurrence_rule: &str, count: i32) -> pb::PreviewOccurrencesRequest {
    let pb::ValidateRuleRequest {
        recurrence_rule,
        time_zone,
        start_time,
        recurrence_anchor,
    } = question(recurrence_rule);
    pb::PreviewOccurrencesRequest {
        recurrence_rule,
        time_zone,
        start_time,
        recurrence_anchor,
        count,
    }
}

impl Mesh {
    async fn validate(
        &self,
        request: pb::ValidateRuleRequest,
    ) -> Result<pb::ValidateRuleResponse, Status> {
        let request = self.service.request_as("alice", request);
        Ok(self.client().validate_rule(request).await?.into_inner())
    }

    async fn preview(
        &self,
        request: pb::PreviewOccurrencesRequest,
    ) -> Result<Vec<pb::Occurrence>, Status> {
        let request = self.service.request_as("alice", request);
        let answer = self.client().preview_occurrences(request).await?;
        Ok(answer.into_inner().occurrences)
    }
}

fn occurrence(recurrence_id: &str, instant: &str) -> pb::Occurrence {
    pb::Occurrence {
        recurrence_id: recurrence_id.to_owned(),
        time: time(instant),
    }
}

fn violations(status: &Status) -> Vec<FieldViolation> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        (info.reason.as_str(), info.domain.as_str()),
        ("INVALID_FIELD", "taskmesh")
    );
    FieldViolation::all_of(status)
}

fn fields(status: &Status) -> Vec<String> {
    violations(status)
        .into_iter()
        .map(|wrong| wrong.field)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn valid_rule_has_first_and_last_date() {
    let mesh = Mesh::start().await;
    let endless = mesh
        .validate(question("FREQ=MONTHLY;BYDAY=-1FR"))
        .await
        .unwrap();
    let first = occurrence("2026-12-25T09:00:00", "2026-12-25T08:00:00Z");
    assert_eq!((endless.first, endless.last), (Some(first), None));

    let ending = mesh
        .validate(question("FREQ=MONTHLY;COUNT=6"))
        .await
        .unwrap();
    let first = occurrence("2026-12-01T09:00:00", "2026-12-01T08:00:00Z");
    let last = occurrence("2027-05-01T09:00:00", "2027-05-01T07:00:00Z");
    assert_eq!((ending.first, ending.last), (Some(first), Some(last)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn invalid_rule_is_refused_with_part_and_fix() {
    let mesh = Mesh::start().await;
    for (rule, words) in [
        ("FREQ=DALY", "did you mean DAILY?"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;UNTIL=20261130", "before its first date"),
        ("FREQ=DAILY;BYDAY=MÖ\n", "line break"),
    ] {
        let refusal = mesh.validate(question(rule)).await.unwrap_err();
        let wrong = violations(&refusal);
        assert_eq!(wrong.len(), 1, "{rule}: {wrong:?}");
        assert_eq!(wrong[0].field, "recurrence_rule");
        assert!(wrong[0].description.contains(words), "{rule}: {wrong:?}");
        let again = mesh.preview(preview(rule, 5)).await.unwrap_err();
        assert_eq!(violations(&again), wrong, "a preview says the same");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_wrong_field_is_named_at_once() {
    let mesh = Mesh::start().await;
    let refusal = mesh
        .preview(pb::PreviewOccurrencesRequest {
            recurrence_rule: "every day".to_owned(),
            time_zone: "Berlin".to_owned(),
            start_time: None,
            recurrence_anchor: 7,
            count: 101,
        })
        .await
        .unwrap_err();
    assert_eq!(
        fields(&refusal),
        [
            "recurrence_rule",
            "time_zone",
            "start_time",
            "recurrence_anchor",
            "count"
        ]
    );
    let time_zone = &violations(&refusal)[1].description;
    assert!(
        time_zone.ends_with("did you mean Europe/Berlin?"),
        "{time_zone}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn invalid_start_is_refused() {
    let mesh = Mesh::start().await;
    for (seconds, nanos) in [
        (-1, 0),
        (7_400_000_000, 0),
        (i64::MAX, 0),
        (i64::MIN, 0),
        (0, -1),
        (0, i32::MAX),
    ] {
        let start_time = Some(Timestamp { seconds, nanos });
        let refusal = mesh
            .validate(pb::ValidateRuleRequest {
                start_time,
                time_zone: "UTC".to_owned(),
                ..question("FREQ=DAILY")
            })
            .await
            .unwrap_err();
        assert_eq!(fields(&refusal), ["start_time"], "{seconds} {nanos}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_preview_shows_five_dates_unless_told_otherwise() {
    let mesh = Mesh::start().await;
    let dates = mesh
        .preview(preview("FREQ=WEEKLY;BYDAY=MO,TH", 0))
        .await
        .unwrap();
    let ids: Vec<_> = dates
        .iter()
        .map(|date| date.recurrence_id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "2026-12-03T09:00:00",
            "2026-12-07T09:00:00",
            "2026-12-10T09:00:00",
            "2026-12-14T09:00:00",
            "2026-12-17T09:00:00",
        ]
    );
    for (count, shown) in [(1, 1), (100, 100)] {
        let dates = mesh.preview(preview("FREQ=DAILY", count)).await.unwrap();
        assert_eq!(dates.len(), shown);
    }
    let ended = mesh
        .preview(preview("FREQ=DAILY;COUNT=3", 100))
        .await
        .unwrap();
    assert_eq!(ended.len(), 3, "fewer, because the rule ends");
    for count in [-1, 101, i32::MIN] {
        let refusal = mesh
            .preview(preview("FREQ=DAILY", count))
            .await
            .unwrap_err();
        assert_eq!(fields(&refusal), ["count"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn preview_from_completion_assumes_punctuality() {
    let mesh = Mesh::start().await;
    let from_completion = |recurrence_rule: &str| pb::PreviewOccurrencesRequest {
        recurrence_anchor: RecurrenceAnchor::Completion.into(),
        start_time: time("2027-01-31T08:00:00Z"),
        ..preview(recurrence_rule, 3)
    };
    let dates = mesh.preview(from_completion("FREQ=MONTHLY")).await.unwrap();
    assert_eq!(
        dates,
        [
            occurrence("2027-01-31T09:00:00", "2027-01-31T08:00:00Z"),
            occurrence("2027-02-28T09:00:00", "2027-02-28T08:00:00Z"),
            occurrence("2027-03-28T09:00:00", "2027-03-28T07:00:00Z"),
        ]
    );
    let refusal = mesh
        .preview(from_completion("FREQ=MONTHLY;COUNT=3"))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["recurrence_rule"]);
    assert!(refusal.message().contains("keep only FREQ and INTERVAL"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_call_without_a_token_is_refused() {
    let mesh = Mesh::start().await;
    let mut client = RecurrenceServiceClient::new(mesh.service.channel());
    let refusal = client
        .validate_rule(question("FREQ=DAILY"))
        .await
        .unwrap_err();
    assert_eq!(ErrorCode::of(&refusal), ErrorCode::Unauthenticated);
    let refusal = client
        .preview_occurrences(preview("FREQ=DAILY", 1))
        .await
        .unwrap_err();
    assert_eq!(ErrorCode::of(&refusal), ErrorCode::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_rpc_refuses_text_with_nul() {
    let mesh = Mesh::start().await;
    let known = [
        ("recurrence_rule", "FREQ=DAILY"),
        ("time_zone", "Europe/Berlin"),
    ];
    let accepted = service_runtime::testing::nul_text_accepted(
        mesh.service.channel(),
        "taskmesh.recurrence.v1.RecurrenceService",
        &known,
        |_, message| mesh.service.request_as("alice", message),
    );
    assert_eq!(accepted.await, [""; 0]);
}
