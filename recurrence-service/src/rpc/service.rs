use service_runtime::grpc::accept;
use taskmesh_proto::recurrence::v1::{self as pb, recurrence_service_server::RecurrenceService};
use tonic::{Request, Response, Status};

use super::convert::Preview;
use crate::{domain::Proposal, operations};

/// Answers the calls: accepts, operates, answers, and nothing else.
pub struct Rpc;

#[tonic::async_trait]
impl RecurrenceService for Rpc {
    async fn validate_rule(
        &self,
        request: Request<pb::ValidateRuleRequest>,
    ) -> Result<Response<pb::ValidateRuleResponse>, Status> {
        let (_, message) = accept(request)?;
        let proposal = Proposal::try_from(message)?;
        let answer = operations::validate_rule(proposal)?;
        Ok(Response::new(answer.into()))
    }

    async fn preview_occurrences(
        &self,
        request: Request<pb::PreviewOccurrencesRequest>,
    ) -> Result<Response<pb::PreviewOccurrencesResponse>, Status> {
        let (_, message) = accept(request)?;
        let Preview { proposal, count } = Preview::try_from(message)?;
        let answer = operations::preview_occurrences(proposal, count)?;
        Ok(Response::new(answer.into_iter().collect()))
    }
}
