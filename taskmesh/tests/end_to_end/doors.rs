//! The three doors of the mesh: JSON, MCP and gRPC, each with the calls that the journey needs.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use service_runtime::{
    clock::timestamp,
    grpc::{self, Channel},
};
use taskmesh_proto::task::v1::{
    self as pb, reminder_setting::When, task_service_client::TaskServiceClient,
};
use tonic::Request;

use super::mesh::Addresses;

/// A task to create.
#[derive(Debug, Clone)]
pub struct Draft {
    pub title: String,
    pub due_time: DateTime<Utc>,
    pub time_zone: &'static str,
    pub recurrence_rule: &'static str,
    pub remind_at: Option<DateTime<Utc>>,
}

/// What a door shows of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: String,
    pub title: String,
    pub open: bool,
    pub due_time: DateTime<Utc>,
}

/// One way into the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Json,
    Mcp,
    Grpc,
}

impl Door {
    /// Creates a task.
    pub async fn create(self, mesh: &Addresses, draft: &Draft) -> Seen {
        match self {
            Self::Json => seen(&json_call(mesh, "POST", "/v1/tasks", Some(fields(draft))).await),
            Self::Mcp => seen(&tool(mesh, "add_task", fields(draft)).await),
            Self::Grpc => {
                let request = authorized(mesh, message(draft));
                from_message(
                    grpc_client(mesh)
                        .create_task(request)
                        .await
                        .unwrap()
                        .into_inner(),
                )
            }
        }
    }

    /// Completes a task.
    pub async fn complete(self, mesh: &Addresses, id: &str) -> Seen {
        match self {
            Self::Json => seen(
                &json_call(
                    mesh,
                    "POST",
                    &format!("/v1/tasks/{id}:complete"),
                    Some(json!({})),
                )
                .await,
            ),
            Self::Mcp => seen(&tool(mesh, "complete_task", json!({"task_id": id})).await),
            Self::Grpc => {
                let message = pb::CompleteTaskRequest {
                    task_id: id.to_owned(),
                    etag: String::new(),
                    ..pb::CompleteTaskRequest::default()
                };
                let answer = grpc_client(mesh)
                    .complete_task(authorized(mesh, message))
                    .await;
                from_message(answer.unwrap().into_inner())
            }
        }
    }

    /// Lists all occurrences of a recurring task, open and completed, the newest first.
    pub async fn list_occurrences(self, mesh: &Addresses, title: &str) -> Vec<Seen> {
        let tasks: Vec<Seen> = match self {
            Self::Json => {
                let answer = json_call(
                    mesh,
                    "GET",
                    "/v1/tasks?show_completed=true&page_size=500",
                    None,
                )
                .await;
                all(&answer)
            }
            Self::Mcp => all(&tool(
                mesh,
                "list_tasks",
                json!({"show_completed": true, "page_size": 500}),
            )
            .await),
            Self::Grpc => {
                let message = pb::ListTasksRequest {
                    page_size: 500,
                    page_token: String::new(),
                    show_completed: true,
                    show_deleted: false,
                    ..pb::ListTasksRequest::default()
                };
                let answer = grpc_client(mesh)
                    .list_tasks(authorized(mesh, message))
                    .await
                    .unwrap();
                answer
                    .into_inner()
                    .tasks
                    .into_iter()
                    .map(from_message)
                    .collect()
            }
        };
        tasks
            .into_iter()
            .filter(|task| task.title == title)
            .collect()
    }
}

fn fields(draft: &Draft) -> Value {
    let mut fields = json!({
        "title": draft.title,
        "due_time": draft.due_time.to_rfc3339(),
        "time_zone": draft.time_zone,
        "recurrence_rule": draft.recurrence_rule,
    });
    if let Some(time) = draft.remind_at {
        fields["reminders"] = json!([{"at_time": time.to_rfc3339()}]);
    }
    fields
}

fn message(draft: &Draft) -> pb::CreateTaskRequest {
    let reminder = |time| pb::ReminderSetting {
        when: Some(When::AtTime(timestamp(time))),
    };
    pb::CreateTaskRequest {
        title: draft.title.clone(),
        due_time: Some(timestamp(draft.due_time)),
        time_zone: draft.time_zone.to_owned(),
        recurrence_rule: draft.recurrence_rule.to_owned(),
        reminders: draft.remind_at.map(reminder).into_iter().collect(),
        ..pb::CreateTaskRequest::default()
    }
}

fn from_message(task: pb::Task) -> Seen {
    let due = task.due_time.unwrap();
    Seen {
        open: task.state() == pb::TaskState::Open,
        id: task.id,
        title: task.title,
        due_time: DateTime::from_timestamp(due.seconds, u32::try_from(due.nanos).unwrap()).unwrap(),
    }
}

fn seen(task: &Value) -> Seen {
    let text = |name: &str| task[name].as_str().unwrap_or_default().to_owned();
    Seen {
        id: text("id"),
        title: text("title"),
        open: matches!(text("state").as_str(), "TASK_STATE_OPEN" | "open"),
        due_time: text("due_time")
            .parse()
            .unwrap_or_else(|_| panic!("a task with a due time: {task}")),
    }
}

fn all(answer: &Value) -> Vec<Seen> {
    answer["tasks"]
        .as_array()
        .into_iter()
        .flatten()
        .map(seen)
        .collect()
}

/// Opens a gRPC client of the task-service.
pub fn grpc_client(mesh: &Addresses) -> TaskServiceClient<Channel> {
    TaskServiceClient::new(grpc::connect(&mesh.task.parse().unwrap()))
}

/// Makes a gRPC request of the demo user.
pub fn authorized<T>(mesh: &Addresses, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", mesh.token).parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// Calls a route of the gateway, which must succeed.
pub async fn json_call(mesh: &Addresses, method: &str, path: &str, body: Option<Value>) -> Value {
    let mut request = reqwest::Client::new()
        .request(method.parse().unwrap(), format!("{}{path}", mesh.http))
        .bearer_auth(&mesh.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let answer: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{method} {path}: {status} {answer}");
    answer
}

/// Calls a tool as a client of MCP revision 2025-11-25 does, which must succeed; returns its structured content.
pub async fn tool(mesh: &Addresses, name: &str, arguments: Value) -> Value {
    let call = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    });
    let response = reqwest::Client::new()
        .post(format!("{}/mcp", mesh.http))
        .bearer_auth(&mesh.token)
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .json(&call)
        .send()
        .await
        .unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    let answer: Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name}: {status} {text}"));
    assert!(
        answer["error"].is_null() && answer["result"]["isError"] != true,
        "{name}: {answer}"
    );
    answer["result"]["structuredContent"].clone()
}
