use service_runtime::grpc::{accept, status};
use taskmesh_proto::recurrence::v1::{self as pb, recurrence_service_server::RecurrenceService};
use tonic::{Request, Response, Status};

use super::convert;
use crate::{error::Error, operations};

/// Answers the calls: accepts, operates, answers, and nothing else.
pub struct Rpc;

#[tonic::async_trait]
impl RecurrenceService for Rpc {
    async fn validate_rule(
        &self,
        request: Request<pb::ValidateRuleRequest>,
    ) -> Result<Response<pb::ValidateRuleResponse>, Status> {
        let (_, message) = accept(request)?;
        let proposal = message.try_into().map_err(refuse)?;
        let answer = operations::validate_rule(proposal).map_err(refuse)?;
        Ok(Response::new(answer.into()))
    }

    async fn preview_occurrences(
        &self,
        request: Request<pb::PreviewOccurrencesRequest>,
    ) -> Result<Response<pb::PreviewOccurrencesResponse>, Status> {
        let (_, message) = accept(request)?;
        let convert::Preview { proposal, count } = message.try_into().map_err(refuse)?;
        let answer = operations::preview_occurrences(proposal, count).map_err(refuse)?;
        Ok(Response::new(answer.into_iter().collect()))
    }
}

fn refuse(error: Error) -> Status {
    status(&error)
}
