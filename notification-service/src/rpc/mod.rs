//! Calls of `NotificationService`.

pub(crate) mod convert;
mod field_mask;

use service_runtime::grpc::accept;
use taskmesh_proto::notification::v1::{self as pb, notification_service_server};
use tonic::{Request, Response, Status};

use crate::{app::App, operations};

pub struct Rpc {
    app: App,
}

impl Rpc {
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl notification_service_server::NotificationService for Rpc {
    async fn list_reminders(
        &self,
        request: Request<pb::ListRemindersRequest>,
    ) -> Result<Response<pb::ListRemindersResponse>, Status> {
        let (caller, message) = accept(request)?;
        let (task_id, after, size) = convert::list_reminders(message)?;
        let page = operations::list_reminders(&self.app, &caller, task_id, after, size).await?;
        Ok(Response::new(convert::page(page, task_id)))
    }

    async fn get_preferences(
        &self,
        request: Request<pb::GetPreferencesRequest>,
    ) -> Result<Response<pb::Preferences>, Status> {
        let (caller, pb::GetPreferencesRequest {}) = accept(request)?;
        let preferences = operations::get_preferences(&self.app, &caller).await?;
        Ok(Response::new(preferences.into()))
    }

    async fn update_preferences(
        &self,
        request: Request<pb::UpdatePreferencesRequest>,
    ) -> Result<Response<pb::Preferences>, Status> {
        let (caller, message) = accept(request)?;
        let (call, changes, version) = convert::update_preferences(caller, message)?;
        let answer = operations::update_preferences(&self.app, &call, &changes, version).await?;
        Ok(Response::new(answer))
    }
}
