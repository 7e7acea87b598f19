use chrono::{DateTime, NaiveDateTime, Utc};
use service_runtime::{
    clock::timestamp,
    grpc::{Channel, ServiceIdentity, UpstreamError, connect},
    ids::UserId,
};
use taskmesh_proto::task::v1::{self as pb, task_service_client::TaskServiceClient};
use url::Url;

use crate::{
    domain::{SeriesId, TaskId, format_local_time},
    metrics::Outcome,
};

/// Asks the task-service to create occurrences.
#[derive(Clone)]
pub struct TaskClient {
    client: TaskServiceClient<Channel>,
    identity: ServiceIdentity,
}

impl TaskClient {
    /// Prepares the connection; it is opened by the first call.
    pub fn new(url: &Url, identity: ServiceIdentity) -> Self {
        Self {
            client: TaskServiceClient::new(connect(url)),
            identity,
        }
    }

    /// Asks for the occurrence that follows a completed one; however often it is asked for, one exists.
    pub async fn create_occurrence(
        &self,
        user_id: &UserId,
        series_id: SeriesId,
        previous_task_id: TaskId,
        recurrence_id: NaiveDateTime,
        due_time: DateTime<Utc>,
    ) -> Result<Outcome, UpstreamError> {
        let message = pb::CreateOccurrenceRequest {
            series_id: series_id.to_string(),
            previous_task_id: previous_task_id.to_string(),
            recurrence_id: format_local_time(recurrence_id),
            due_time: Some(timestamp(due_time)),
        };
        let answer = self
            .client
            .clone()
            .create_occurrence(self.identity.request(user_id, message))
            .await
            .map_err(|status| UpstreamError::new("task-service", status))?;
        let pb::CreateOccurrenceResponse { task, created } = answer.into_inner();
        Ok(match (task, created) {
            // The series does not continue from the completed occurrence.
            (None, _) => Outcome::Ended,
            (Some(_), true) => Outcome::Created,
            (Some(_), false) => Outcome::Existed,
        })
    }
}
