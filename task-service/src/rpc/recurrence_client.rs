use service_runtime::{
    grpc::{FieldViolation, ServiceIdentity, UpstreamError, connect},
    ids::UserId,
};
use taskmesh_proto::recurrence::v1::{
    self as pb, recurrence_service_client::RecurrenceServiceClient,
};
use tonic::{Code, Status, transport::Channel};
use url::Url;

use super::convert;
use crate::{
    domain::{FirstOccurrence, Repetition},
    error::Error,
};

/// Asks the recurrence-service what a rule means.
#[derive(Clone)]
pub struct RecurrenceClient {
    client: RecurrenceServiceClient<Channel>,
    identity: ServiceIdentity,
}

impl RecurrenceClient {
    /// Prepares the connection; it is opened by the first question.
    pub fn new(url: &Url, identity: ServiceIdentity) -> Self {
        Self {
            client: RecurrenceServiceClient::new(connect(url)),
            identity,
        }
    }

    /// Returns where a series would begin, or what is wrong with its rule.
    pub async fn first_occurrence(
        &self,
        user_id: &UserId,
        repetition: &Repetition,
    ) -> Result<FirstOccurrence, Error> {
        let question = self
            .identity
            .request(user_id, convert::validate_rule(repetition));
        let answer = self
            .client
            .clone()
            .validate_rule(question)
            .await
            .map_err(|status| refusal(status, repetition.has_start))?;
        let pb::ValidateRuleResponse { first, last: _ } = answer.into_inner();
        convert::first_occurrence(first.ok_or(Error::RecurrenceAnswer("a first occurrence"))?)
            .ok_or(Error::RecurrenceAnswer("a readable first occurrence"))
    }
}

fn refusal(status: Status, has_start: bool) -> Error {
    let violations = FieldViolation::all_of(&status);
    if status.code() != Code::InvalidArgument || violations.is_empty() {
        return UpstreamError::new("recurrence-service", status).into();
    }
    // The start in the request is the due time of a task that has no start.
    let renamed = violations.into_iter().map(|mut violation| {
        if violation.field == "start_time" && !has_start {
            violation.field = "due_time".to_owned();
        }
        violation
    });
    Error::Invalid(renamed.collect())
}
