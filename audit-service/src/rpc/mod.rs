//! Calls of `AuditService`.

mod convert;
mod requests;

use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use service_runtime::{
    grpc::{Caller, accept},
    ids::UserId,
};
use taskmesh_proto::{
    audit::v1::{self as pb, audit_service_server},
    google::api::HttpBody,
};
use tonic::{Request, Response, Status};

use crate::{
    app::App,
    error::Error,
    operations::{self, Access},
};

pub struct Rpc {
    app: App,
}

impl Rpc {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    /// Returns the user whose records the caller may read, where those of all users make no sense.
    async fn one_user(&self, caller: &Caller, access: Access<'_>) -> Result<UserId, Error> {
        let user_id = operations::authorize_access(&self.app, caller, access).await?;
        user_id.ok_or_else(requests::one_user_only)
    }
}

#[tonic::async_trait]
impl audit_service_server::AuditService for Rpc {
    async fn list_records(
        &self,
        request: Request<pb::ListRecordsRequest>,
    ) -> Result<Response<pb::ListRecordsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let (mut query, question) = requests::list(&message)?;
        let access = Access {
            action: "audit.read",
            call: "taskmesh.audit.v1.AuditService.ListRecords",
            whose: &message.user_id,
            question: vec![("filter", message.filter)],
        };
        query.user_id = operations::authorize_access(&self.app, &caller, access).await?;
        let list = operations::list_records(&self.app, &query).await?;
        Ok(Response::new(convert::record_list(list, question)))
    }

    async fn get_task_history(
        &self,
        request: Request<pb::GetTaskHistoryRequest>,
    ) -> Result<Response<pb::GetTaskHistoryResponse>, Status> {
        let (caller, message) = accept(request)?;
        let (mut query, question) = requests::history(&message)?;
        let access = Access {
            action: "audit.read",
            call: "taskmesh.audit.v1.AuditService.GetTaskHistory",
            whose: &message.user_id,
            question: vec![("task_id", query.task_id.unwrap_or_default().to_string())],
        };
        query.user_id = Some(self.one_user(&caller, access).await?);
        let list = operations::list_records(&self.app, &query).await?;
        Ok(Response::new(convert::history(list, question)))
    }

    type ExportRecordsStream = BoxStream<'static, Result<HttpBody, Status>>;

    async fn export_records(
        &self,
        request: Request<pb::ExportRecordsRequest>,
    ) -> Result<Response<Self::ExportRecordsStream>, Status> {
        let (caller, message) = accept(request)?;
        let (format, mut query) = requests::export(&message)?;
        let (start, end) = query.between.unwrap_or_default();
        let access = Access {
            action: "audit.exported",
            call: "taskmesh.audit.v1.AuditService.ExportRecords",
            whose: &message.user_id,
            question: vec![
                ("start_time", start.to_rfc3339()),
                ("end_time", end.to_rfc3339()),
                ("filter", message.filter),
            ],
        };
        query.user_id = operations::authorize_access(&self.app, &caller, access).await?;
        let parts = operations::export_records(&self.app, format, query)
            .map_ok(move |part| convert::file_part(format, part))
            .map_err(Status::from);
        Ok(Response::new(parts.boxed()))
    }

    async fn get_activity_report(
        &self,
        request: Request<pb::GetActivityReportRequest>,
    ) -> Result<Response<pb::ActivityReport>, Status> {
        let (caller, message) = accept(request)?;
        let period = requests::period(&message)?;
        let access = Access {
            action: "audit.reported",
            call: "taskmesh.audit.v1.AuditService.GetActivityReport",
            whose: &message.user_id,
            question: vec![
                ("start_date", period.start.to_string()),
                ("end_date", period.end.to_string()),
            ],
        };
        let user_id = self.one_user(&caller, access).await?;
        let report = operations::get_activity_report(&self.app, &user_id, period).await?;
        Ok(Response::new(report.into()))
    }

    async fn verify_audit(
        &self,
        request: Request<pb::VerifyAuditRequest>,
    ) -> Result<Response<pb::VerifyAuditResponse>, Status> {
        let (caller, pb::VerifyAuditRequest { user_id: whose }) = accept(request)?;
        let access = Access {
            action: "audit.verified",
            call: "taskmesh.audit.v1.AuditService.VerifyAudit",
            whose: &whose,
            question: Vec::new(),
        };
        let verified = match operations::authorize_access(&self.app, &caller, access).await? {
            Some(user_id) => operations::verify_chain(&self.app, &user_id).await?,
            None => operations::verify_chains(&self.app).await?,
        };
        Ok(Response::new(verified.into()))
    }
}
