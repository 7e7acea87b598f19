//! What this service answers.

mod convert;
mod requests;

use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use service_runtime::grpc::{accept, status};
use taskmesh_proto::{
    audit::v1::{self as pb, audit_service_server},
    google::api::HttpBody,
};
use tonic::{Request, Response, Status};

use crate::{
    app::App,
    error::Error,
    operations::{self, ListRecords, Reading},
};

/// Answers the calls of `AuditService`.
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
impl audit_service_server::AuditService for Rpc {
    async fn list_records(
        &self,
        request: Request<pb::ListRecordsRequest>,
    ) -> Result<Response<pb::ListRecordsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let asked = requests::ListRecords::try_from(message).map_err(refuse)?;
        let reading = Reading {
            action: "audit.read",
            call: "taskmesh.audit.v1.AuditService.ListRecords",
            whose: &asked.whose,
            question: vec![("filter", asked.filter.clone())],
        };
        let user_id = operations::record_reading(&self.app, &caller, reading)
            .await
            .map_err(refuse)?;
        let input = ListRecords {
            user_id,
            condition: asked.condition,
            before: asked.before,
            size: asked.size,
        };
        let list = operations::list_records(&self.app, input)
            .await
            .map_err(refuse)?;
        let question = requests::question(&asked.whose, &asked.filter);
        Ok(Response::new(convert::record_list(list, question)))
    }

    async fn get_task_history(
        &self,
        request: Request<pb::GetTaskHistoryRequest>,
    ) -> Result<Response<pb::GetTaskHistoryResponse>, Status> {
        let (caller, message) = accept(request)?;
        let asked = requests::GetTaskHistory::try_from(message).map_err(refuse)?;
        let reading = Reading {
            action: "audit.read",
            call: "taskmesh.audit.v1.AuditService.GetTaskHistory",
            whose: &asked.whose,
            question: vec![("task_id", asked.task_id.to_string())],
        };
        let user_id = operations::record_reading(&self.app, &caller, reading)
            .await
            .map_err(refuse)?
            .ok_or_else(|| refuse(requests::one_user_only()))?;
        let history = operations::get_task_history(
            &self.app,
            &user_id,
            asked.task_id,
            asked.before,
            asked.size,
        )
        .await
        .map_err(refuse)?;
        let question = requests::question(&asked.whose, &asked.task_id.to_string());
        Ok(Response::new(convert::history(history, question)))
    }

    type ExportRecordsStream = BoxStream<'static, Result<HttpBody, Status>>;

    async fn export_records(
        &self,
        request: Request<pb::ExportRecordsRequest>,
    ) -> Result<Response<Self::ExportRecordsStream>, Status> {
        let (caller, message) = accept(request)?;
        let asked = requests::ExportRecords::try_from(message).map_err(refuse)?;
        let (start, end) = asked.between;
        let reading = Reading {
            action: "audit.exported",
            call: "taskmesh.audit.v1.AuditService.ExportRecords",
            whose: &asked.whose,
            question: vec![
                ("start_time", start.to_rfc3339()),
                ("end_time", end.to_rfc3339()),
                ("filter", asked.filter.clone()),
            ],
        };
        let user_id = operations::record_reading(&self.app, &caller, reading)
            .await
            .map_err(refuse)?;
        let format = asked.format;
        let input = operations::ExportRecords {
            format,
            user_id,
            between: asked.between,
            condition: asked.condition,
        };
        let parts = operations::export_records(&self.app, input)
            .map_ok(move |part| convert::file_part(format, part))
            .map_err(refuse);
        Ok(Response::new(parts.boxed()))
    }

    async fn get_activity_report(
        &self,
        request: Request<pb::GetActivityReportRequest>,
    ) -> Result<Response<pb::ActivityReport>, Status> {
        let (caller, message) = accept(request)?;
        let asked = requests::GetActivityReport::try_from(message).map_err(refuse)?;
        let reading = Reading {
            action: "audit.reported",
            call: "taskmesh.audit.v1.AuditService.GetActivityReport",
            whose: &asked.whose,
            question: vec![
                ("start_date", asked.period.start.to_string()),
                ("end_date", asked.period.end.to_string()),
            ],
        };
        let user_id = operations::record_reading(&self.app, &caller, reading)
            .await
            .map_err(refuse)?
            .ok_or_else(|| refuse(requests::one_user_only()))?;
        let report = operations::get_activity_report(&self.app, &user_id, asked.period)
            .await
            .map_err(refuse)?;
        Ok(Response::new(report.into()))
    }

    async fn verify_audit(
        &self,
        request: Request<pb::VerifyAuditRequest>,
    ) -> Result<Response<pb::VerifyAuditResponse>, Status> {
        let (caller, pb::VerifyAuditRequest { user_id: whose }) = accept(request)?;
        let reading = Reading {
            action: "audit.verified",
            call: "taskmesh.audit.v1.AuditService.VerifyAudit",
            whose: &whose,
            question: Vec::new(),
        };
        let user_id = operations::record_reading(&self.app, &caller, reading)
            .await
            .map_err(refuse)?;
        let verified = match user_id {
            Some(user_id) => operations::verify_chain(&self.app, &user_id).await,
            None => operations::verify_chains(&self.app).await,
        };
        verified
            .map(|verified| Response::new(verified.into()))
            .map_err(refuse)
    }
}

fn refuse(error: Error) -> Status {
    status(&error)
}
