use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use prost_types::{FieldMask, Timestamp};
use service_runtime::{
    grpc::{ErrorCode, FieldViolation},
    postgres::{AsyncPgConnection, DatabaseError},
    testing::TestService,
};
use task_service::TaskService;
use taskmesh_proto::task::v1::{self as pb, task_service_client::TaskServiceClient};
use tonic::{Request, Status, transport::Channel};

use crate::fake_recurrence::FakeRecurrence;

/// Monday, 7 December 2026, 09:00 in Berlin.
pub const MONDAY_NINE: i64 = 1_796_630_400;
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 24 * HOUR;

/// The service under test, with a fake of the one service that it asks.
pub struct Mesh {
    pub service: TestService<TaskService>,
    pub recurrence: FakeRecurrence,
}

/// A caller.
pub struct User<'a> {
    mesh: &'a Mesh,
    name: &'static str,
    client: TaskServiceClient<Channel>,
}

type Answer<T> = Result<T, Status>;

impl Mesh {
    pub async fn start() -> Self {
        let recurrence = FakeRecurrence::start().await;
        let service = TestService::start(&[("RECURRENCE_URL", &recurrence.url)]).await;
        Self {
            service,
            recurrence,
        }
    }

    pub fn user(&self, name: &'static str) -> User<'_> {
        User {
            mesh: self,
            name,
            client: TaskServiceClient::new(self.service.channel()),
        }
    }

    /// Calls CreateOccurrence as the recurrence-service, on behalf of a user.
    pub async fn create_occurrence(
        &self,
        user: &str,
        message: pb::CreateOccurrenceRequest,
    ) -> Answer<pb::CreateOccurrenceResponse> {
        let request = self
            .service
            .request_from("recurrence-service", user, message);
        let mut client = TaskServiceClient::new(self.service.channel());
        client
            .create_occurrence(request)
            .await
            .map(tonic::Response::into_inner)
    }

    /// Counts all rows that a write could have added: tasks, series, events.
    pub async fn row_count(&self) -> i64 {
        self.count("SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM series) + (SELECT count(*) FROM outbox) AS count")
            .await
    }

    /// Counts the events that were ever appended for a topic.
    pub async fn event_count(&self, topic: &str) -> i64 {
        self.count(&format!(
            "SELECT count(*) AS count FROM outbox WHERE topic = '{topic}'"
        ))
        .await
    }

    async fn count(&self, query: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let database = self.service.database();
        let row: Result<Count, DatabaseError> = database
            .transaction("count", async |tx: &mut AsyncPgConnection| {
                Ok(diesel::sql_query(query).get_result(tx).await?)
            })
            .await;
        row.unwrap().count
    }
}

macro_rules! calls {
    ($($name:ident: $request:ident => $answer:ident;)*) => {
        $(pub async fn $name(&self, message: pb::$request) -> Answer<pb::$answer> {
            let request = self.request(message);
            self.client.clone().$name(request).await.map(tonic::Response::into_inner)
        })*
    };
}

impl User<'_> {
    calls! {
        create_task: CreateTaskRequest => Task;
        get_task: GetTaskRequest => Task;
        list_tasks: ListTasksRequest => ListTasksResponse;
        update_task: UpdateTaskRequest => Task;
        complete_task: CompleteTaskRequest => Task;
        reopen_task: ReopenTaskRequest => Task;
        delete_task: DeleteTaskRequest => Task;
        undelete_task: UndeleteTaskRequest => Task;
        create_occurrence: CreateOccurrenceRequest => CreateOccurrenceResponse;
    }

    fn request<T>(&self, message: T) -> Request<T> {
        self.mesh.service.request_as(self.name, message)
    }

    pub async fn create(&self, title: &str) -> pb::Task {
        self.create_task(titled(title)).await.unwrap()
    }

    pub async fn get(&self, task_id: &str) -> pb::Task {
        let task_id = task_id.to_owned();
        self.get_task(pb::GetTaskRequest { task_id }).await.unwrap()
    }

    pub async fn complete(&self, task_id: &str) -> Answer<pb::Task> {
        self.complete_task(pb::CompleteTaskRequest {
            task_id: task_id.to_owned(),
            etag: String::new(),
        })
        .await
    }

    pub async fn reopen(&self, task_id: &str) -> Answer<pb::Task> {
        self.reopen_task(pb::ReopenTaskRequest {
            task_id: task_id.to_owned(),
            etag: String::new(),
        })
        .await
    }

    pub async fn delete(&self, task_id: &str) -> Answer<pb::Task> {
        self.delete_task(pb::DeleteTaskRequest {
            task_id: task_id.to_owned(),
            etag: String::new(),
        })
        .await
    }

    pub async fn undelete(&self, task_id: &str) -> Answer<pb::Task> {
        self.undelete_task(pb::UndeleteTaskRequest {
            task_id: task_id.to_owned(),
            etag: String::new(),
        })
        .await
    }
}

pub fn titled(title: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        title: title.to_owned(),
        ..Default::default()
    }
}

/// A task that repeats every week, first on Monday at nine in Berlin.
pub fn weekly() -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        due_time: at(MONDAY_NINE),
        time_zone: "Europe/Berlin".to_owned(),
        recurrence_rule: "FREQ=WEEKLY".to_owned(),
        ..titled("Water the plants")
    }
}

/// The request to create the occurrence one week after a weekly task.
pub fn week_after(task: &pb::Task) -> pb::CreateOccurrenceRequest {
    let recurrence_id: jiff::civil::DateTime = task.recurrence_id.parse().unwrap();
    pb::CreateOccurrenceRequest {
        series_id: task.series_id.clone(),
        previous_task_id: task.id.clone(),
        recurrence_id: recurrence_id
            .checked_add(jiff::Span::new().weeks(1))
            .unwrap()
            .to_string(),
        due_time: at(task.due_time.unwrap().seconds + 7 * DAY),
    }
}

pub fn update(task: &pb::Task, fields: &[&str]) -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest {
        task_id: task.id.clone(),
        update_mask: Some(FieldMask {
            paths: fields.iter().map(ToString::to_string).collect(),
        }),
        ..Default::default()
    }
}

pub fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

pub fn minutes_before(minutes: i32) -> pb::ReminderSetting {
    pb::ReminderSetting {
        when: Some(pb::reminder_setting::When::MinutesBeforeDue(minutes)),
    }
}

pub fn at_time(seconds: i64) -> pb::ReminderSetting {
    let time = Timestamp { seconds, nanos: 0 };
    pb::ReminderSetting {
        when: Some(pb::reminder_setting::When::AtTime(time)),
    }
}

/// Returns the fields that a refusal complains about.
pub fn fields<T: std::fmt::Debug>(answer: Answer<T>) -> Vec<String> {
    let refusal = answer.unwrap_err();
    assert_eq!(
        ErrorCode::of(&refusal),
        ErrorCode::InvalidArgument,
        "{refusal}"
    );
    let violations = FieldViolation::all_of(&refusal);
    violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

/// Makes sure that a call was refused with this code and these words.
pub fn assert_refused<T: std::fmt::Debug>(answer: Answer<T>, code: ErrorCode, words: &str) {
    let refusal = answer.unwrap_err();
    assert_eq!(ErrorCode::of(&refusal), code, "{refusal}");
    assert!(refusal.message().contains(words), "{refusal}");
}
