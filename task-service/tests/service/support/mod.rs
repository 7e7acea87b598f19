//! The service under test, its callers, and the requests that several tests send.

mod fake_recurrence;

use std::sync::Arc;

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use prost_types::{FieldMask, Timestamp};
use service_runtime::{
    clock::Clock,
    grpc::{Channel, ErrorCode, FieldViolation},
    postgres::{AsyncPgConnection, DatabaseError},
    testing::TestService,
};
use task_service::TaskService;
use taskmesh_proto::{
    task::v1::{
        self as pb, category_service_client::CategoryServiceClient,
        saved_filter_service_client::SavedFilterServiceClient,
        settings_service_client::SettingsServiceClient, tag_service_client::TagServiceClient,
        task_service_client::TaskServiceClient,
    },
    topics,
};
use tonic::{Request, Status};

pub use fake_recurrence::{FakeRecurrence, UNANSWERED};

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
pub struct User {
    mesh: Arc<Mesh>,
    name: &'static str,
}

type Answer<T> = Result<T, Status>;

/// Starts the service and returns a first caller.
pub async fn start() -> (Arc<Mesh>, User) {
    start_with_clock(Clock::system()).await
}

pub async fn start_with_clock(clock: Clock) -> (Arc<Mesh>, User) {
    let mesh = Arc::new(Mesh::start(clock).await);
    let alice = mesh.user("alice");
    (mesh, alice)
}

impl Mesh {
    pub async fn start(clock: Clock) -> Self {
        let recurrence = FakeRecurrence::start().await;
        let settings = [("RECURRENCE_URL", recurrence.url.as_str())];
        let service = TestService::start_with_clock(&settings, clock).await;
        Self {
            service,
            recurrence,
        }
    }

    pub fn user(self: &Arc<Self>, name: &'static str) -> User {
        let mesh = Arc::clone(self);
        User { mesh, name }
    }

    /// Creates the occurrence of alice one week after a weekly task.
    pub async fn follow(&self, task: &pb::Task) -> pb::CreateOccurrenceResponse {
        let answer = self.create_occurrence("alice", week_after(task)).await;
        answer.unwrap()
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
        let rows = "SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM series) AS count";
        let mut count = self.count(rows).await;
        for topic in topics::ALL {
            count += self.event_count(topic.name).await;
        }
        count
    }

    /// Counts the events that were published on a topic, once everything in the outbox is.
    pub async fn event_count(&self, topic: &str) -> i64 {
        let mut all = topics::ALL.iter();
        let topic = all.find(|known| known.name == topic).unwrap();
        let events = self.service.events::<()>(topic).await;
        i64::try_from(events.len()).unwrap()
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
    ($client:ident: $($name:ident: $request:ident => $answer:ident;)*) => {
        $(pub async fn $name(&self, message: pb::$request) -> Answer<pb::$answer> {
            let request = self.request(message);
            let mut client = $client::new(self.mesh.service.channel());
            client.$name(request).await.map(tonic::Response::into_inner)
        })*
    };
}

impl User {
    calls! { TaskServiceClient:
        create_task: CreateTaskRequest => Task;
        get_task: GetTaskRequest => Task;
        list_tasks: ListTasksRequest => ListTasksResponse;
        search_tasks: SearchTasksRequest => SearchTasksResponse;
        update_task: UpdateTaskRequest => Task;
        complete_task: CompleteTaskRequest => Task;
        reopen_task: ReopenTaskRequest => Task;
        delete_task: DeleteTaskRequest => Task;
        undelete_task: UndeleteTaskRequest => Task;
        create_occurrence: CreateOccurrenceRequest => CreateOccurrenceResponse;
        set_recurrence: SetRecurrenceRequest => Task;
        set_reminders: SetRemindersRequest => Task;
        tag_task: TagTaskRequest => Task;
        untag_task: UntagTaskRequest => Task;
        batch_create_tasks: BatchCreateTasksRequest => BatchTasksResponse;
        batch_update_tasks: BatchUpdateTasksRequest => BatchTasksResponse;
        batch_complete_tasks: BatchCompleteTasksRequest => BatchTasksResponse;
        batch_delete_tasks: BatchDeleteTasksRequest => BatchTasksResponse;
        undo_operation: UndoOperationRequest => UndoOperationResponse;
        import_tasks: ImportTasksRequest => ImportTasksResponse;
    }

    calls! { CategoryServiceClient:
        create_category: CreateCategoryRequest => Category;
        get_category: GetCategoryRequest => Category;
        list_categories: ListCategoriesRequest => ListCategoriesResponse;
        update_category: UpdateCategoryRequest => Category;
        delete_category: DeleteCategoryRequest => Category;
    }

    calls! { TagServiceClient:
        create_tag: CreateTagRequest => Tag;
        list_tags: ListTagsRequest => ListTagsResponse;
        delete_tag: DeleteTagRequest => Tag;
    }

    calls! { SavedFilterServiceClient:
        create_saved_filter: CreateSavedFilterRequest => SavedFilter;
        get_saved_filter: GetSavedFilterRequest => SavedFilter;
        list_saved_filters: ListSavedFiltersRequest => ListSavedFiltersResponse;
        update_saved_filter: UpdateSavedFilterRequest => SavedFilter;
        delete_saved_filter: DeleteSavedFilterRequest => SavedFilter;
    }

    calls! { SettingsServiceClient:
        get_settings: GetSettingsRequest => Settings;
        update_settings: UpdateSettingsRequest => Settings;
        get_context: GetContextRequest => Context;
    }

    pub fn client(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.mesh.service.channel())
    }

    pub fn request<T>(&self, message: T) -> Request<T> {
        self.mesh.service.request_as(self.name, message)
    }

    pub async fn create(&self, title: &str) -> pb::Task {
        self.add(titled(title)).await
    }

    /// Creates a category.
    pub async fn category(&self, name: &str) -> pb::Category {
        let request = pb::CreateCategoryRequest {
            display_name: name.to_owned(),
            ..Default::default()
        };
        self.create_category(request).await.unwrap()
    }

    /// Creates a task that is a part of another one.
    pub async fn create_part(&self, title: &str, parent: &pb::Task) -> pb::Task {
        let request = pb::CreateTaskRequest {
            parent_task_id: parent.id.clone(),
            ..titled(title)
        };
        self.add(request).await
    }

    /// Says where the user lives.
    pub async fn live_in(&self, time_zone: &str) {
        let request = pb::UpdateSettingsRequest {
            update_mask: mask(&["time_zone"]),
            time_zone: time_zone.to_owned(),
            ..Default::default()
        };
        self.update_settings(request).await.unwrap();
    }

    /// Undoes an operation.
    pub async fn undo(&self, operation_id: &str) -> Answer<pb::UndoOperationResponse> {
        let operation_id = operation_id.to_owned();
        self.undo_operation(pb::UndoOperationRequest {
            operation_id,
            ..Default::default()
        })
        .await
    }

    pub async fn get(&self, task_id: &str) -> pb::Task {
        let task_id = task_id.to_owned();
        self.get_task(pb::GetTaskRequest { task_id }).await.unwrap()
    }

    /// Creates a task.
    pub async fn add(&self, request: pb::CreateTaskRequest) -> pb::Task {
        self.create_task(request).await.unwrap()
    }

    /// Updates a task.
    pub async fn change(&self, request: pb::UpdateTaskRequest) -> pb::Task {
        self.update_task(request).await.unwrap()
    }

    /// Returns the names of all tags.
    pub async fn tags(&self) -> Vec<String> {
        let tags = self.list_tags(pb::ListTagsRequest::default()).await;
        let tags = tags.unwrap().tags.into_iter();
        tags.map(|tag| tag.display_name).collect()
    }

    pub async fn settings(&self) -> pb::Settings {
        self.get_settings(pb::GetSettingsRequest {}).await.unwrap()
    }
}

macro_rules! on_one_task {
    ($($name:ident: $call:ident($request:ident);)*) => {
        impl User {
            $(pub async fn $name(&self, task_id: &str) -> Answer<pb::Task> {
                self.$call(pb::$request {
                    task_id: task_id.to_owned(),
                    ..Default::default()
                })
                .await
            })*
        }
    };
}

on_one_task! {
    complete: complete_task(CompleteTaskRequest);
    reopen: reopen_task(ReopenTaskRequest);
    delete: delete_task(DeleteTaskRequest);
    undelete: undelete_task(UndeleteTaskRequest);
}

pub fn titled(title: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        title: title.to_owned(),
        ..Default::default()
    }
}

/// Returns a task that repeats every week, first on Monday at nine in Berlin.
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

pub fn mask(fields: &[&str]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: fields.iter().map(ToString::to_string).collect(),
    })
}

pub fn update(task: &pb::Task, fields: &[&str]) -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest {
        task_id: task.id.clone(),
        update_mask: mask(fields),
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
