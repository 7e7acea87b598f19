//! What this service asks of the task-service.

use std::collections::HashSet;

use service_runtime::{
    grpc::{ErrorCode, FieldViolation, ServiceIdentity, UpstreamError, connect},
    ids::UserId,
};
use taskmesh_proto::{
    realtime::v1::Snapshot,
    task::v1::{
        ListCategoriesRequest, ListTagsRequest, ListTasksRequest, MatchTasksRequest,
        category_service_client::CategoryServiceClient, tag_service_client::TagServiceClient,
        task_service_client::TaskServiceClient,
    },
};
use tonic::{Status, transport::Channel};
use url::Url;
use uuid::Uuid;

use crate::{domain::Matching, error::Error};

/// How many of anything a part of a snapshot has at most.
const PAGE: i32 = 200;

/// The task-service.
#[derive(Clone)]
pub struct TaskClient {
    channel: Channel,
    identity: ServiceIdentity,
}

/// A part of what there is, and where the next one begins; nowhere if that is empty.
#[derive(Debug, Default)]
pub struct Part {
    /// What there is.
    pub snapshot: Snapshot,
    /// Asks for the next part.
    pub next_page_token: String,
}

impl TaskClient {
    /// Opens a channel, which connects with the first call.
    pub fn new(url: &Url, identity: ServiceIdentity) -> Self {
        Self {
            channel: connect(url),
            identity,
        }
    }

    /// Returns those of a user's tasks that match; fails if the filter is wrong, also without any task.
    pub async fn matching(
        &self,
        user: &UserId,
        matching: &Matching,
        ids: Vec<Uuid>,
    ) -> Result<HashSet<Uuid>, Error> {
        let request = MatchTasksRequest {
            task_ids: ids.iter().map(Uuid::to_string).collect(),
            filter: matching.filter.clone(),
            saved_filter: matching.saved_filter.clone(),
            show_completed: matching.show_completed,
        };
        let mut client = TaskServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, request);
        let answer = client.match_tasks(request).await.map_err(failure)?;
        let ids = answer.into_inner().task_ids;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Returns a page of a user's categories.
    pub async fn categories(&self, user: &UserId, page_token: String) -> Result<Part, Error> {
        let request = ListCategoriesRequest {
            page_size: PAGE,
            page_token,
        };
        let mut client = CategoryServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, request);
        let answer = client.list_categories(request).await.map_err(failure)?;
        let answer = answer.into_inner();
        Ok(Part {
            snapshot: Snapshot {
                categories: answer.categories,
                ..Snapshot::default()
            },
            next_page_token: answer.next_page_token,
        })
    }

    /// Returns a page of a user's tags.
    pub async fn tags(&self, user: &UserId, page_token: String) -> Result<Part, Error> {
        let request = ListTagsRequest {
            page_size: PAGE,
            page_token,
        };
        let mut client = TagServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, request);
        let answer = client.list_tags(request).await.map_err(failure)?;
        let answer = answer.into_inner();
        Ok(Part {
            snapshot: Snapshot {
                tags: answer.tags,
                ..Snapshot::default()
            },
            next_page_token: answer.next_page_token,
        })
    }

    /// Returns a page of a user's tasks that match and are not deleted.
    pub async fn tasks(
        &self,
        user: &UserId,
        matching: &Matching,
        page_token: String,
    ) -> Result<Part, Error> {
        let request = ListTasksRequest {
            page_size: PAGE,
            page_token,
            show_completed: matching.show_completed,
            show_deleted: false,
            show_hidden: true,
            filter: matching.filter.clone(),
            saved_filter: matching.saved_filter.clone(),
            order_by: String::new(),
        };
        let mut client = TaskServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, request);
        let answer = client.list_tasks(request).await.map_err(failure)?;
        let answer = answer.into_inner();
        Ok(Part {
            snapshot: Snapshot {
                tasks: answer.tasks,
                ..Snapshot::default()
            },
            next_page_token: answer.next_page_token,
        })
    }
}

/// A filter that is wrong is the client's fault, and the task-service has said how to mend it.
fn failure(status: Status) -> Error {
    let violations = FieldViolation::all_of(&status);
    match ErrorCode::of(&status) {
        ErrorCode::InvalidArgument if !violations.is_empty() => Error::InvalidFields(violations),
        _ => UpstreamError::new("task-service", status).into(),
    }
}
