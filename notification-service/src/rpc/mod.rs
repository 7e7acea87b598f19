//! What this service answers.

pub(crate) mod convert;
mod field_mask;

use service_runtime::grpc::{accept, status};
use taskmesh_proto::notification::v1::{self as pb, notification_service_server};
use tonic::{Request, Response, Status};

use crate::{app::App, error::Error, operations};

/// Answers the calls of `NotificationService`.
pub struct Rpc {
    app: App,
}

impl Rpc {
    /// Returns what answers the calls.
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
        let convert::ListReminders {
            task_id,
            after,
            size,
        } = convert::list_reminders(message).map_err(refuse)?;
        let page = operations::list_reminders(&self.app, &caller, task_id, after, size)
            .await
            .map_err(refuse)?;
        Ok(Response::new(convert::page(page, task_id)))
    }

    async fn get_preferences(
        &self,
        request: Request<pb::GetPreferencesRequest>,
    ) -> Result<Response<pb::Preferences>, Status> {
        let (caller, pb::GetPreferencesRequest {}) = accept(request)?;
        let preferences = operations::get_preferences(&self.app, &caller)
            .await
            .map_err(refuse)?;
        Ok(Response::new(preferences.into()))
    }

    async fn update_preferences(
        &self,
        request: Request<pb::UpdatePreferencesRequest>,
    ) -> Result<Response<pb::Preferences>, Status> {
        let (caller, message) = accept(request)?;
        let convert::UpdatePreferences {
            call,
            changes,
            version,
        } = convert::update_preferences(caller, message).map_err(refuse)?;
        operations::update_preferences(&self.app, &call, changes, version)
            .await
            .map(Response::new)
            .map_err(refuse)
    }
}

fn refuse(error: Error) -> Status {
    status(&error)
}
