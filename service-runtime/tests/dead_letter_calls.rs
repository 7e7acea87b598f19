//! RPCs of the dead-letter service.

mod support;

use service_runtime::grpc::Channel;
use service_runtime::testing::TestService;
use support::{
    Probe, RELEASE,
    letters::{SENT, letters, publish, started, wait_for_effects, wait_for_letters},
};
use taskmesh_proto::{
    admin::v1::{
        self as pb, dead_letter::Content, dead_letter_service_client::DeadLetterServiceClient,
    },
    notification::v1::ReminderEvent,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

fn client(service: &TestService<Probe>) -> DeadLetterServiceClient<Channel> {
    DeadLetterServiceClient::new(service.channel())
}

fn by<T>(service: &TestService<Probe>, message: T) -> Request<T> {
    service.request_as_operator("olga", message)
}

fn everything() -> Option<pb::DeadLetterFilter> {
    Some(pb::DeadLetterFilter::default())
}

fn named(name: &str) -> pb::GetDeadLetterRequest {
    pb::GetDeadLetterRequest {
        name: name.to_owned(),
    }
}

async fn redriven(
    service: &TestService<Probe>,
    message: pb::RedriveDeadLettersRequest,
) -> Result<pb::RedriveDeadLettersResponse, Status> {
    let mut client = client(service);
    let answer = client.redrive_dead_letters(by(service, message)).await?;
    let mut progress = answer.into_inner();
    let mut last = None;
    while let Some(told) = progress.message().await? {
        last = Some(told);
    }
    Ok(last.expect("a redrive tells its result"))
}

fn violated_field(status: &Status) -> String {
    let details = status.get_details_bad_request().unwrap();
    details.field_violations[0].field.clone()
}

#[tokio::test]
async fn operator_lists_pages_and_gets_one() {
    let (service, office) = started().await;
    for key in ["a", "b", "c"] {
        publish(&service, SENT, "reject", key).await;
    }
    wait_for_letters(&office, 3).await;

    let mut client = client(&service);
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListDeadLettersRequest {
            filter: everything(),
            page_size: 2,
            page_token,
        };
        let answer = client.list_dead_letters(by(&service, request)).await;
        let page = answer.unwrap().into_inner();
        listed.extend(page.dead_letters);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut keys: Vec<&str> = listed.iter().map(|letter| letter.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["a", "b", "c"]);
    assert!(listed.iter().all(|letter| letter.headers.is_empty()));
    assert!(listed.iter().all(|letter| letter.content.is_none()));

    let letter = &listed[0];
    let request = by(&service, named(&letter.name));
    let shown = client.get_dead_letter(request).await.unwrap().into_inner();
    assert_eq!(shown.reason, "the probe says no");
    assert_eq!(shown.r#type, SENT);
    assert_eq!(shown.attempts, 1);
    let Some(Content::Event(event)) = &shown.content else {
        panic!("{:?}", shown.content);
    };
    assert_eq!(
        event.type_url,
        "type.googleapis.com/taskmesh.notification.v1.ReminderEvent"
    );
    let event: ReminderEvent = prost::Message::decode(event.value.as_slice()).unwrap();
    assert_eq!(event.user_id, "reject");
    assert_eq!(event.event_id, letter.key);
    assert!(
        shown
            .headers
            .iter()
            .any(|header| header.key == "ce_id" && header.value == letter.event_id)
    );
}

#[tokio::test]
async fn operator_redrives_and_purges() {
    let (service, office) = started().await;
    publish(&service, SENT, "refuse", "a").await;
    let name = wait_for_letters(&office, 1).await[0].name().to_string();
    publish(&service, SENT, "ok", RELEASE).await;
    wait_for_effects(&service, 1).await;

    let mut message = pb::RedriveDeadLettersRequest {
        names: vec![name.clone()],
        dry_run: true,
        ..pb::RedriveDeadLettersRequest::default()
    };
    let rehearsed = redriven(&service, message.clone()).await.unwrap();
    assert_eq!((rehearsed.chosen_count, rehearsed.sent_count), (1, 0));
    message.dry_run = false;
    let sent = redriven(&service, message).await.unwrap();
    assert_eq!((sent.chosen_count, sent.sent_count), (1, 1));
    assert_eq!(wait_for_effects(&service, 2).await, [RELEASE, "a"]);

    for dry_run in [true, false] {
        let message = pb::PurgeDeadLettersRequest {
            names: Vec::new(),
            filter: everything(),
            dry_run,
        };
        let purged = client(&service)
            .purge_dead_letters(by(&service, message))
            .await
            .unwrap()
            .into_inner();
        assert_eq!((purged.deleted_count, purged.kept_count), (1, 0));
    }
    assert!(letters(&office, support::letters::all()).await.is_empty());
    let request = by(&service, named(&name));
    let gone = client(&service).get_dead_letter(request).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn calls_require_the_operator_role() {
    let (service, office) = started().await;
    publish(&service, SENT, "reject", "a").await;
    wait_for_letters(&office, 1).await;
    let mut client = client(&service);
    let list = pb::ListDeadLettersRequest::default;
    let redrive = || pb::RedriveDeadLettersRequest {
        filter: everything(),
        ..pb::RedriveDeadLettersRequest::default()
    };
    let purge = || pb::PurgeDeadLettersRequest {
        filter: everything(),
        ..pb::PurgeDeadLettersRequest::default()
    };
    let refusals = [
        client
            .list_dead_letters(service.request_as("alice", list()))
            .await
            .err(),
        client
            .list_dead_letters(service.request_from("task-service", "alice", list()))
            .await
            .err(),
        client
            .get_dead_letter(service.request_as("alice", named("x.y.dlt/0/0")))
            .await
            .err(),
        client
            .redrive_dead_letters(service.request_as("alice", redrive()))
            .await
            .err(),
        client
            .purge_dead_letters(service.request_as("alice", purge()))
            .await
            .err(),
    ];
    for refusal in refusals {
        let refusal = refusal.expect("the call is refused");
        assert_eq!(refusal.code(), Code::PermissionDenied);
        assert!(refusal.message().contains("--role operator"), "{refusal}");
        let info = refusal.get_details_error_info().unwrap();
        assert_eq!(info.reason, "ROLE_MISSING");
    }
    let stranger = client.list_dead_letters(list()).await.unwrap_err();
    assert_eq!(stranger.code(), Code::Unauthenticated);
    assert_eq!(letters(&office, support::letters::all()).await.len(), 1);
}

#[tokio::test]
async fn invalid_request_names_the_field() {
    let (service, _) = started().await;
    let redrive = |set: &dyn Fn(&mut pb::RedriveDeadLettersRequest)| {
        let mut request = pb::RedriveDeadLettersRequest::default();
        set(&mut request);
        request
    };
    let filter = |set: &dyn Fn(&mut pb::DeadLetterFilter)| {
        redrive(&|request| set(request.filter.get_or_insert_default()))
    };
    let name = "task-reminders.task-service.dlt/0/0".to_owned();
    let never = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    let cases = [
        (redrive(&|_| {}), "filter"),
        (
            redrive(&|request| {
                request.names = vec![name.clone()];
                request.filter = everything();
            }),
            "filter",
        ),
        (
            redrive(&|request| request.names = vec![name.clone(), "17".to_owned()]),
            "names[1]",
        ),
        (
            redrive(&|request| request.names = vec![name.clone(); 501]),
            "names",
        ),
        (
            redrive(&|request| {
                request.filter = everything();
                request.rate_per_second = 10_001;
            }),
            "rate_per_second",
        ),
        // Dead letters of another service.
        (
            filter(&|filter| filter.topic = "task-events".to_owned()),
            "filter.topic",
        ),
        (
            filter(&|filter| filter.since_time = Some(never)),
            "filter.since_time",
        ),
    ];
    for (message, field) in cases {
        let refusal = redriven(&service, message).await.unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument, "{field}");
        assert_eq!(violated_field(&refusal), field);
    }
    let elsewhere = by(&service, named("task-events.notification-service.dlt/0/0"));
    let refusal = client(&service)
        .get_dead_letter(elsewhere)
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    assert!(
        refusal
            .message()
            .contains("task-reminders.task-service.dlt"),
        "{refusal}"
    );
}
