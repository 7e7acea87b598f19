use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use taskmesh_proto::{
    google::api::HttpBody,
    task::v1::{
        self as pb,
        task_service_server::{TaskService, TaskServiceServer},
    },
};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

/// One call of `CreateOccurrence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What was asked for.
    pub request: pb::CreateOccurrenceRequest,
    /// The user that the token names.
    pub user_id: String,
    /// The service that the token names as acting for the user.
    pub service: String,
}

/// A task-service that writes down what it is asked, and answers what it is told to.
#[derive(Clone, Default)]
pub struct FakeTaskService {
    asked: Arc<Mutex<Vec<Asked>>>,
    refusals: Arc<Mutex<VecDeque<Status>>>,
}

impl FakeTaskService {
    /// Starts it, and returns its URL.
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(TaskServiceServer::new(self.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        url
    }

    /// Makes it refuse the next call.
    pub fn refuse(&self, status: Status) {
        self.refusals.lock().unwrap().push_back(status);
    }

    /// Returns the calls so far, refused ones included.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a claim of the token; its signature is no concern of the fake.
fn claims(request: &Request<pb::CreateOccurrenceRequest>) -> serde_json::Value {
    let token = request.metadata().get("authorization").unwrap();
    let payload = token.to_str().unwrap().split('.').nth(1).unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

type Answer<T> = Result<Response<T>, Status>;

fn not_needed<T>() -> Answer<T> {
    Err(Status::unimplemented(
        "the fake knows CreateOccurrence only",
    ))
}

#[tonic::async_trait]
impl TaskService for FakeTaskService {
    async fn create_occurrence(
        &self,
        request: Request<pb::CreateOccurrenceRequest>,
    ) -> Answer<pb::CreateOccurrenceResponse> {
        let claims = claims(&request);
        self.asked.lock().unwrap().push(Asked {
            user_id: claims["sub"].as_str().unwrap().to_owned(),
            service: claims["act"]["sub"].as_str().unwrap().to_owned(),
            request: request.into_inner(),
        });
        if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
            return Err(refusal);
        }
        Ok(Response::new(pb::CreateOccurrenceResponse {
            task: Some(pb::Task::default()),
            created: true,
        }))
    }

    async fn create_task(&self, _: Request<pb::CreateTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn get_task(&self, _: Request<pb::GetTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn list_tasks(&self, _: Request<pb::ListTasksRequest>) -> Answer<pb::ListTasksResponse> {
        not_needed()
    }

    async fn update_task(&self, _: Request<pb::UpdateTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn complete_task(&self, _: Request<pb::CompleteTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn reopen_task(&self, _: Request<pb::ReopenTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn delete_task(&self, _: Request<pb::DeleteTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn undelete_task(&self, _: Request<pb::UndeleteTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn set_recurrence(&self, _: Request<pb::SetRecurrenceRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn set_reminders(&self, _: Request<pb::SetRemindersRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn tag_task(&self, _: Request<pb::TagTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn untag_task(&self, _: Request<pb::UntagTaskRequest>) -> Answer<pb::Task> {
        not_needed()
    }

    async fn search_tasks(
        &self,
        _: Request<pb::SearchTasksRequest>,
    ) -> Answer<pb::SearchTasksResponse> {
        not_needed()
    }

    async fn batch_create_tasks(
        &self,
        _: Request<pb::BatchCreateTasksRequest>,
    ) -> Answer<pb::BatchTasksResponse> {
        not_needed()
    }

    async fn batch_update_tasks(
        &self,
        _: Request<pb::BatchUpdateTasksRequest>,
    ) -> Answer<pb::BatchTasksResponse> {
        not_needed()
    }

    async fn batch_complete_tasks(
        &self,
        _: Request<pb::BatchCompleteTasksRequest>,
    ) -> Answer<pb::BatchTasksResponse> {
        not_needed()
    }

    async fn batch_delete_tasks(
        &self,
        _: Request<pb::BatchDeleteTasksRequest>,
    ) -> Answer<pb::BatchTasksResponse> {
        not_needed()
    }

    async fn undo_operation(
        &self,
        _: Request<pb::UndoOperationRequest>,
    ) -> Answer<pb::UndoOperationResponse> {
        not_needed()
    }

    type ExportTasksStream = tokio_stream::Empty<Result<HttpBody, Status>>;

    async fn export_tasks(
        &self,
        _: Request<pb::ExportTasksRequest>,
    ) -> Answer<Self::ExportTasksStream> {
        not_needed()
    }

    async fn import_tasks(
        &self,
        _: Request<pb::ImportTasksRequest>,
    ) -> Answer<pb::ImportTasksResponse> {
        not_needed()
    }
}
