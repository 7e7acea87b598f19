//! Client of the task-service.

use service_runtime::{
    filter::NameKey,
    grpc::{Channel, ErrorCode, FieldViolation, ServiceIdentity, UpstreamError, connect},
    ids::UserId,
    time_zone::TimeZone,
};
use taskmesh_proto::{
    realtime::v1::Snapshot,
    task::v1::{
        GetSettingsRequest, ListCategoriesRequest, ListSavedFiltersRequest, ListTagsRequest,
        ListTasksRequest, ListTasksResponse, category_service_client::CategoryServiceClient,
        saved_filter_service_client::SavedFilterServiceClient,
        settings_service_client::SettingsServiceClient, tag_service_client::TagServiceClient,
        task_service_client::TaskServiceClient,
    },
};
use tonic::Status;
use url::Url;

use crate::{domain::Matching, error::Error};

const PAGE: i32 = 200;

#[derive(Clone)]
pub struct TaskClient {
    channel: Channel,
    identity: ServiceIdentity,
}

/// Page of a snapshot, and the token of the next page, empty on the last one.
pub type Part = (Snapshot, String);

impl TaskClient {
    /// Creates a client, which connects on the first call.
    pub fn new(url: &Url, identity: ServiceIdentity) -> Self {
        Self {
            channel: connect(url),
            identity,
        }
    }

    /// Fails if the filter is invalid.
    pub async fn check(&self, user: &UserId, matching: &Matching) -> Result<(), Error> {
        self.list_tasks(user, matching, 1, String::new()).await?;
        Ok(())
    }

    pub async fn saved_filter(&self, user: &UserId, name: &str) -> Result<String, Error> {
        let key = NameKey::of(name);
        let mut page_token = String::new();
        loop {
            let request = ListSavedFiltersRequest {
                page_size: PAGE,
                page_token,
            };
            let mut client = SavedFilterServiceClient::new(self.channel.clone());
            let request = self.identity.request(user, request);
            let answer = client.list_saved_filters(request).await.map_err(failure)?;
            let answer = answer.into_inner();
            let mut filters = answer.saved_filters.into_iter();
            if let Some(saved) = filters.find(|saved| NameKey::of(&saved.display_name) == key) {
                return Ok(saved.filter);
            }
            if answer.next_page_token.is_empty() {
                let wrong = format!("there is no saved filter {name:?}; create it first");
                let violation = FieldViolation::new("saved_filter", wrong);
                return Err(Error::InvalidFields(vec![violation]));
            }
            page_token = answer.next_page_token;
        }
    }

    pub async fn time_zone(&self, user: &UserId) -> Result<TimeZone, Error> {
        let mut client = SettingsServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, GetSettingsRequest {});
        let answer = client.get_settings(request).await.map_err(failure)?;
        let zone = TimeZone::parse(&answer.into_inner().time_zone);
        // As in the task-service, a zone that the time zone database no longer has counts as UTC.
        Ok(zone.unwrap_or_else(|_| TimeZone::utc()))
    }

    pub async fn categories(&self, user: &UserId, page_token: String) -> Result<Part, Error> {
        let request = ListCategoriesRequest {
            page_size: PAGE,
            page_token,
        };
        let mut client = CategoryServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, request);
        let answer = client.list_categories(request).await.map_err(failure)?;
        let answer = answer.into_inner();
        let snapshot = Snapshot {
            categories: answer.categories,
            ..Snapshot::default()
        };
        Ok((snapshot, answer.next_page_token))
    }

    pub async fn tags(&self, user: &UserId, page_token: String) -> Result<Part, Error> {
        let request = ListTagsRequest {
            page_size: PAGE,
            page_token,
        };
        let mut client = TagServiceClient::new(self.channel.clone());
        let request = self.identity.request(user, request);
        let answer = client.list_tags(request).await.map_err(failure)?;
        let answer = answer.into_inner();
        let snapshot = Snapshot {
            tags: answer.tags,
            ..Snapshot::default()
        };
        Ok((snapshot, answer.next_page_token))
    }

    /// Returns a page of a user's tasks that match and are not deleted.
    pub async fn tasks(
        &self,
        user: &UserId,
        matching: &Matching,
        page_token: String,
    ) -> Result<Part, Error> {
        let answer = self.list_tasks(user, matching, PAGE, page_token).await?;
        let snapshot = Snapshot {
            tasks: answer.tasks,
            ..Snapshot::default()
        };
        Ok((snapshot, answer.next_page_token))
    }

    async fn list_tasks(
        &self,
        user: &UserId,
        matching: &Matching,
        page_size: i32,
        page_token: String,
    ) -> Result<ListTasksResponse, Error> {
        let request = ListTasksRequest {
            page_size,
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
        Ok(answer.into_inner())
    }
}

/// Passes on the violations of an invalid filter, which the task-service explains.
fn failure(status: Status) -> Error {
    let violations = FieldViolation::all_of(&status);
    match ErrorCode::of(&status) {
        ErrorCode::InvalidArgument if !violations.is_empty() => Error::InvalidFields(violations),
        _ => UpstreamError::new("task-service", status).into(),
    }
}
