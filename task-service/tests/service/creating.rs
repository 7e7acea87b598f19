use service_runtime::{
    grpc::{ErrorCode, FieldViolation},
    testing::TestService,
};
use task_service::TaskService;
use taskmesh_proto::task::v1::{self as pb, task_service_client::TaskServiceClient};

use crate::support::{
    DAY, HOUR, MONDAY_NINE, UNANSWERED, assert_refused, at, at_time, fields, minutes_before, start,
    titled, update, weekly,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_comes_back_as_it_was_created() {
    let (mesh, alice) = start().await;
    let request = pb::CreateTaskRequest {
        title: "Cafe\u{301} with Zoe\u{308}".to_owned(),
        description: "one\r\n\ttwo".to_owned(),
        priority: pb::Priority::Urgent.into(),
        due_time: at(MONDAY_NINE),
        time_zone: "Europe/Berlin".to_owned(),
        recurrence_rule: String::new(),
        recurrence_anchor: 0,
        reminders: vec![minutes_before(30), at_time(MONDAY_NINE - 2 * HOUR)],
        muted: true,
        ..pb::CreateTaskRequest::default()
    };
    let task = alice.add(request.clone()).await;

    assert_eq!(task.title, "Café with Zoë");
    assert_eq!(task.description, "one\n\ttwo");
    assert_eq!(task.priority(), pb::Priority::Urgent);
    assert_eq!(task.state(), pb::TaskState::Open);
    assert_eq!(task.due_time, request.due_time);
    assert_eq!(task.time_zone, "Europe/Berlin");
    assert_eq!(task.reminders, request.reminders);
    assert!(task.muted);
    assert!(!task.etag.is_empty());
    assert!(task.create_time.is_some());
    assert_eq!(task.update_time, task.create_time);
    assert_eq!(
        (&task.complete_time, &task.delete_time, &task.remind_time),
        (&None, &None, &None)
    );
    assert_eq!(
        (task.series_id.as_str(), task.recurrence_id.as_str()),
        ("", "")
    );
    assert_eq!(alice.get(&task.id).await, task);
    assert!(mesh.recurrence.questions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_all_that_a_task_needs() {
    let (mesh, _) = start().await;
    let task = mesh.user("alice").create("Call Bob").await;
    assert_eq!(task.priority(), pb::Priority::Medium);
    assert_eq!(task.recurrence_anchor(), pb::RecurrenceAnchor::Unspecified);
    assert_eq!(task.due_time, None);
    assert!(task.reminders.is_empty() && !task.muted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeating_task_begins_at_the_first_date_of_its_rule() {
    let (mesh, alice) = start().await;
    let request = pb::CreateTaskRequest {
        recurrence_rule: "FREQ=WEEKLY;BYDAY=TH".to_owned(),
        recurrence_anchor: pb::RecurrenceAnchor::Completion.into(),
        ..weekly()
    };
    let task = alice.add(request).await;

    assert_eq!(task.due_time, at(MONDAY_NINE + DAY));
    assert_eq!(task.recurrence_id, "2026-12-08T09:00:00");
    assert_eq!(task.recurrence_rule, "FREQ=WEEKLY;BYDAY=TH");
    assert_eq!(task.recurrence_anchor(), pb::RecurrenceAnchor::Completion);
    assert!(!task.series_id.is_empty());
    assert_eq!(alice.get(&task.id).await, task);

    let questions = mesh.recurrence.questions();
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].start_time, at(MONDAY_NINE));
    assert_eq!(questions[0].time_zone, "Europe/Berlin");
    assert_eq!(
        questions[0].recurrence_anchor(),
        pb::RecurrenceAnchor::Completion
    );
}

/// Makes a list of wrong fields and requests to create a task that have them.
macro_rules! cases {
    ($(($field:literal, $base:expr, { $($name:ident: $value:expr),* })),* $(,)?) => {
        [$(($field, pb::CreateTaskRequest { $($name: $value,)* ..$base })),*]
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_field_is_named_and_nothing_is_written() {
    let (mesh, alice) = start().await;
    let cases = cases! {
        ("title", titled(""), {}),
        ("title", titled(" \u{2003} "), {}),
        ("title", titled(&"x".repeat(501)), {}),
        ("title", titled("a\u{0}b"), {}),
        ("title", titled("a\nb"), {}),
        ("description", titled("x"), { description: "x".repeat(20_001) }),
        ("description", titled("x"), { description: "\u{1b}[31m".to_owned() }),
        ("priority", titled("x"), { priority: 9 }),
        ("priority", titled("x"), { priority: -1 }),
        ("due_time", titled("x"), { due_time: at(-1) }),
        ("due_time", titled("x"), { due_time: at(i64::MAX) }),
        ("time_zone", titled("x"), { time_zone: "Europe/Berln".to_owned() }),
        ("due_time", weekly(), { due_date: "2026-12-07".to_owned() }),
        ("due_date", titled("x"), { due_date: "2026-02-30".to_owned() }),
        ("due_local_time", titled("x"), { due_local_time: "2026-12-07T09:00:00Z".to_owned() }),
        ("start_time", titled("x"), { start_time: at(4_000_000_000), due_time: at(3_000_000_000) }),
        ("category", titled("x"), { category: "nowhere".to_owned() }),
        ("tags[1]", titled("x"), { tags: vec!["work".to_owned(), " ".to_owned()] }),
        ("tags", titled("x"), { tags: (0..51).map(|number| number.to_string()).collect() }),
        ("parent_task_id", titled("x"), { parent_task_id: "019ab8c0-6f4e-7cc2-9d5b-0123456789ab".to_owned() }),
        ("depends_on[0]", titled("x"), { depends_on: vec!["019ab8c0-6f4e-7cc2-9d5b-0123456789ab".to_owned()] }),
        ("request_id", titled("x"), { request_id: "again".to_owned() }),
        ("due_time", weekly(), { due_time: None }),
        ("recurrence_anchor", weekly(), { recurrence_anchor: 9 }),
        ("recurrence_anchor", titled("x"), { recurrence_anchor: 1 }),
        ("reminders", weekly(), { reminders: vec![minutes_before(1); 11] }),
        ("reminders[1]", weekly(), { reminders: vec![minutes_before(1); 2] }),
        ("reminders[0]", weekly(), { reminders: vec![pb::ReminderSetting { when: None }] }),
        ("reminders[0].minutes_before_due", weekly(), { reminders: vec![minutes_before(40_321)] }),
        ("reminders[0].minutes_before_due", titled("x"), { reminders: vec![minutes_before(5)] }),
        ("reminders[0].at_time", weekly(), { reminders: vec![at_time(-5)] }),
    };
    for (field, request) in cases {
        assert_eq!(fields(alice.create_task(request).await), [field]);
    }
    assert_eq!(mesh.row_count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_rule_has_fault_of_recurrence_service() {
    let (mesh, alice) = start().await;
    for rule in [
        "FREQ=DALY",
        "FREQ=DAILY;FOO=1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=SECONDLY",
        " ",
        "\u{0}",
    ] {
        let request = pb::CreateTaskRequest {
            recurrence_rule: rule.to_owned(),
            ..weekly()
        };
        let refusal = alice.create_task(request).await.unwrap_err();
        assert_eq!(
            FieldViolation::all_of(&refusal),
            [FieldViolation::new(
                "recurrence_rule",
                "is no rule that the fake knows"
            )]
        );
    }
    assert_eq!(mesh.row_count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_request_is_told_at_once() {
    let (mesh, _) = start().await;
    let request = pb::CreateTaskRequest {
        title: String::new(),
        priority: 9,
        recurrence_rule: "FREQ=DALY".to_owned(),
        ..weekly()
    };
    let told = fields(mesh.user("alice").create_task(request).await);
    assert_eq!(told, ["title", "priority", "recurrence_rule"]);

    let request = pb::CreateTaskRequest {
        title: String::new(),
        due_time: at(-1),
        time_zone: "Mars/Olympus_Mons".to_owned(),
        reminders: vec![minutes_before(-1), minutes_before(-1)],
        ..weekly()
    };
    let told = fields(mesh.user("alice").create_task(request).await);
    assert_eq!(
        told,
        [
            "title",
            "due_time",
            "time_zone",
            "reminders[0].minutes_before_due",
            "reminders[1].minutes_before_due"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_recurring_tasks_need_recurrence_service() {
    let (mesh, _) = start().await;
    let request = pb::CreateTaskRequest {
        recurrence_rule: UNANSWERED.to_owned(),
        ..weekly()
    };
    let answer = mesh.user("alice").create_task(request).await;
    assert_refused(answer, ErrorCode::Unavailable, "try again");
    assert_eq!(mesh.row_count().await, 0);

    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let alone =
        TestService::<TaskService>::start(&[("RECURRENCE_URL", &format!("http://{nobody}"))]).await;
    let mut client = TaskServiceClient::new(alone.channel());
    let answer = client
        .create_task(alone.request_as("alice", weekly()))
        .await;
    assert_refused(answer, ErrorCode::Unavailable, "try again");
    let answer = client
        .create_task(alone.request_as("alice", titled("Call Bob")))
        .await;
    assert!(answer.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_token_is_refused() {
    let (mesh, _) = start().await;
    let mut client = TaskServiceClient::new(mesh.service.channel());
    let answer = client.create_task(titled("Call Bob")).await;
    assert_eq!(answer.unwrap_err().code(), tonic::Code::Unauthenticated);
    assert_eq!(mesh.row_count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_is_checked_beside_every_other_fault() {
    const NO_RULE: &str = "FREQ=DALY";
    let (mesh, alice) = start().await;
    let repeating = |title: &str| pb::CreateTaskRequest {
        recurrence_rule: NO_RULE.to_owned(),
        ..titled(title)
    };
    let without_due_time = pb::CreateTaskRequest {
        request_id: "7".to_owned(),
        ..repeating("")
    };
    assert_eq!(
        fields(alice.create_task(without_due_time).await),
        ["request_id", "title", "due_time", "recurrence_rule"]
    );
    let unreadable = pb::CreateTaskRequest {
        due_date: "tomorrow".to_owned(),
        reminders: vec![minutes_before(-1)],
        ..repeating("x")
    };
    assert_eq!(
        fields(alice.create_task(unreadable).await),
        [
            "due_date",
            "reminders[0].minutes_before_due",
            "recurrence_rule"
        ]
    );
    let good_rule = pb::CreateTaskRequest {
        recurrence_rule: "FREQ=DAILY".to_owned(),
        ..titled("")
    };
    assert_eq!(
        fields(alice.create_task(good_rule).await),
        ["title", "due_time"]
    );

    let task = alice.add(titled("x")).await;
    let rows = mesh.row_count().await;
    let change = pb::UpdateTaskRequest {
        title: String::new(),
        recurrence_rule: NO_RULE.to_owned(),
        ..update(&task, &["title", "recurrence_rule"])
    };
    assert_eq!(
        fields(alice.update_task(change).await),
        ["title", "due_time", "recurrence_rule"]
    );

    let batch = pb::BatchCreateTasksRequest {
        tasks: vec![titled(""), titled("x"), repeating("y"), titled("")],
        ..pb::BatchCreateTasksRequest::default()
    };
    assert_eq!(
        fields(alice.batch_create_tasks(batch).await),
        [
            "tasks[0].title",
            "tasks[2].due_time",
            "tasks[2].recurrence_rule",
            "tasks[3].title"
        ]
    );
    assert_eq!(mesh.row_count().await, rows);
}
