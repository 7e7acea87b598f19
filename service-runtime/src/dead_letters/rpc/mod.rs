//! `taskmesh.admin.v1.DeadLetterService`: the dead letters of one service, for operators.

mod convert;
mod error;

use std::pin::Pin;

use futures::{Stream, stream};
use taskmesh_proto::admin::v1::{
    self as pb,
    dead_letter_service_server::{DeadLetterService, DeadLetterServiceServer},
};
use tonic::{Request, Response, Status};
use tracing::info;

use super::{Choice, DeadLetterOffice, LetterName, Redrive};
use crate::{
    grpc::{ApiError, Caller, OPERATOR, accept, status},
    kafka::KafkaConfig,
    page,
};
use error::InvalidRequest;

/// Answers for one group.
pub struct Rpc {
    office: DeadLetterOffice,
}

/// Returns what answers for a group, if it has dead letters at all.
pub(crate) fn server(kafka: &KafkaConfig, group: &str) -> Option<DeadLetterServiceServer<Rpc>> {
    let office = DeadLetterOffice::of_group(kafka.clone(), group);
    (!office.topics().is_empty()).then(|| DeadLetterServiceServer::new(Rpc { office }))
}

#[tonic::async_trait]
impl DeadLetterService for Rpc {
    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Result<Response<pb::ListDeadLettersResponse>, Status> {
        let (_, message) = accept_operator(request)?;
        let pb::ListDeadLettersRequest {
            filter,
            page_size,
            page_token,
        } = message;
        let size = page::size(page_size).map_err(refused)?;
        let from: Option<LetterName> = match page_token.as_str() {
            "" => None,
            token => Some(
                page::decode(token)
                    .map_err(|error| refused(convert::violation("page_token", &error)))?,
            ),
        };
        let filter = convert::filter(filter.unwrap_or_default()).map_err(refused)?;
        let mut letters = self
            .office
            .letters(Choice::Matching(filter), from)
            .map_err(answer)?;
        let mut response = pb::ListDeadLettersResponse::default();
        for _ in 0..size {
            let Some(letter) = letters.next().await.map_err(answer)? else {
                return Ok(Response::new(response));
            };
            response.dead_letters.push(convert::brief(&letter));
        }
        if let Some(next) = letters.next().await.map_err(answer)? {
            response.next_page_token = page::encode(next.name());
        }
        Ok(Response::new(response))
    }

    async fn get_dead_letter(
        &self,
        request: Request<pb::GetDeadLetterRequest>,
    ) -> Result<Response<pb::DeadLetter>, Status> {
        let (_, message) = accept_operator(request)?;
        let pb::GetDeadLetterRequest { name } = message;
        let name = name
            .parse()
            .map_err(|error| refused(convert::violation("name", &error)))?;
        let letter = self.office.find(name).await.map_err(answer)?;
        Ok(Response::new(convert::whole(&letter)))
    }

    type RedriveDeadLettersStream =
        Pin<Box<dyn Stream<Item = Result<pb::RedriveDeadLettersResponse, Status>> + Send>>;

    async fn redrive_dead_letters(
        &self,
        request: Request<pb::RedriveDeadLettersRequest>,
    ) -> Result<Response<Self::RedriveDeadLettersStream>, Status> {
        let (caller, message) = accept_operator(request)?;
        let pb::RedriveDeadLettersRequest {
            names,
            filter,
            dry_run,
            rate_per_second,
        } = message;
        let choice = convert::choice(names, filter).map_err(refused)?;
        let rate = convert::rate(rate_per_second).map_err(refused)?;
        if !dry_run {
            log_call(&caller, "redrives dead letters", &choice);
        }
        let redrive = self.office.redrive(choice, rate, dry_run).map_err(answer)?;
        Ok(Response::new(Box::pin(stream::try_unfold(redrive, step))))
    }

    async fn purge_dead_letters(
        &self,
        request: Request<pb::PurgeDeadLettersRequest>,
    ) -> Result<Response<pb::PurgeDeadLettersResponse>, Status> {
        let (caller, message) = accept_operator(request)?;
        let pb::PurgeDeadLettersRequest {
            names,
            filter,
            dry_run,
        } = message;
        let choice = convert::choice(names, filter).map_err(refused)?;
        if !dry_run {
            log_call(&caller, "purges dead letters", &choice);
        }
        let purged = self.office.purge(choice, dry_run).await.map_err(answer)?;
        Ok(Response::new(purged.into()))
    }
}

/// Whoever drops the stream drops the redrive, which ends it.
async fn step(
    mut redrive: Redrive,
) -> Result<Option<(pb::RedriveDeadLettersResponse, Redrive)>, Status> {
    let progress = redrive.next().await.map_err(answer)?;
    Ok(progress.map(|progress| (progress.into(), redrive)))
}

fn accept_operator<T>(request: Request<T>) -> Result<(Caller, T), Status> {
    let (caller, message) = accept(request)?;
    caller.require_role(OPERATOR).map_err(answer)?;
    Ok((caller, message))
}

/// Logs the operator's call: it changes no user's data, so no audit record names the operator.
fn log_call(caller: &Caller, deed: &str, choice: &Choice) {
    let kind = match choice {
        Choice::Names(names) => format!("{} by name", names.len()),
        Choice::Matching(filter) if filter.is_empty() => "all".to_owned(),
        Choice::Matching(_) => "matching a filter".to_owned(),
    };
    info!(enduser.id = %caller.user_id, "operator {deed}: {kind}");
}

fn answer(error: impl ApiError) -> Status {
    status(&error)
}

fn refused(violation: crate::grpc::FieldViolation) -> Status {
    status(&InvalidRequest(violation))
}
