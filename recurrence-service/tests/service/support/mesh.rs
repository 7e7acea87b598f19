use rdkafka::message::{Headers, Message};
use recurrence_service::RecurrenceService;
use service_runtime::grpc::Channel;
use service_runtime::testing::{TestService, eventually};
use taskmesh_proto::{recurrence::v1::recurrence_service_client::RecurrenceServiceClient, topics};

use super::{Asked, Completion, FakeTaskService};

/// The service, and the fake that it asks.
pub struct Mesh {
    pub service: TestService<RecurrenceService>,
    pub tasks: FakeTaskService,
}

impl Mesh {
    /// Starts both.
    pub async fn start() -> Self {
        let tasks = FakeTaskService::default();
        let url = tasks.start().await;
        Self {
            service: TestService::start(&[("TASK_URL", &url)]).await,
            tasks,
        }
    }

    pub fn client(&self) -> RecurrenceServiceClient<Channel> {
        RecurrenceServiceClient::new(self.service.channel())
    }

    /// Publishes a completion as the task-service does.
    pub async fn publish(&self, completion: &Completion) {
        let Completion { id, event } = completion;
        let key = event
            .series
            .as_ref()
            .map_or("no-series", |series| series.series_id.as_str());
        let kind = "taskmesh.task.v1.TaskCompleted";
        self.service
            .publish(&topics::TASK_RECURRENCE, key, *id, kind, event)
            .await;
    }

    /// Waits until the task-service has been asked this often, and returns everything it was asked.
    pub async fn asked(&self, times: usize) -> Vec<Asked> {
        eventually("the task-service is asked", async || {
            let asked = self.tasks.asked();
            (asked.len() >= times).then_some(asked)
        })
        .await
    }

    /// Waits for a dead letter, and returns all its headers as one text.
    pub async fn dead_letter(&mut self) -> String {
        self.service.expect_dead_letters();
        let topics = self.service.topics();
        let letter = eventually("the event is a dead letter", async || {
            topics
                .dead_letters(&topics::TASK_RECURRENCE, "recurrence-service")
                .await
                .pop()
        })
        .await;
        let headers = letter.headers().unwrap().iter();
        headers
            .map(|header| {
                let value = String::from_utf8_lossy(header.value.unwrap_or_default());
                format!("{}: {value}\n", header.key)
            })
            .collect()
    }
}
