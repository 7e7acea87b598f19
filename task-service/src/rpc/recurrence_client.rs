use service_runtime::{
    clock::{from_timestamp, timestamp},
    grpc::{Channel, FieldViolation, ServiceIdentity, UpstreamError, connect},
    ids::UserId,
};
use taskmesh_proto::{
    recurrence::v1::{self as pb, recurrence_service_client::RecurrenceServiceClient},
    task::v1::RecurrenceAnchor,
};
use tonic::{Code, Status};
use url::Url;

use crate::{
    domain::{FirstOccurrence, Repetition},
    error::Error,
};

/// Client of the recurrence-service.
#[derive(Clone)]
pub struct RecurrenceClient {
    client: RecurrenceServiceClient<Channel>,
    identity: ServiceIdentity,
}

impl RecurrenceClient {
    /// Prepares the connection; the first call opens it.
    pub fn new(url: &Url, identity: ServiceIdentity) -> Self {
        Self {
            client: RecurrenceServiceClient::new(connect(url)),
            identity,
        }
    }

    /// Returns the first occurrence of a series, or the faults of its rule.
    pub async fn first_occurrence(
        &self,
        user_id: &UserId,
        repetition: &Repetition,
    ) -> Result<FirstOccurrence, Error> {
        let Repetition {
            recurrence,
            time_zone,
            start_time,
            has_start,
        } = repetition;
        let message = pb::ValidateRuleRequest {
            recurrence_rule: recurrence.rule.as_ref().to_owned(),
            time_zone: time_zone.to_string(),
            start_time: Some(timestamp(*start_time)),
            recurrence_anchor: RecurrenceAnchor::from(recurrence.anchor).into(),
        };
        let request = self.identity.request(user_id, message);
        let answer = self.client.clone().validate_rule(request).await;
        let answer = answer.map_err(|status| refusal(status, *has_start))?;
        let pb::ValidateRuleResponse { first, last: _ } = answer.into_inner();
        first_occurrence(first.ok_or(Error::RecurrenceAnswer("a first occurrence"))?)
            .ok_or(Error::RecurrenceAnswer("a readable first occurrence"))
    }
}

fn first_occurrence(occurrence: pb::Occurrence) -> Option<FirstOccurrence> {
    let pb::Occurrence {
        recurrence_id,
        time,
    } = occurrence;
    let time = time?;
    Some(FirstOccurrence {
        recurrence_id: recurrence_id.parse().ok()?,
        time: from_timestamp(time)?,
    })
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
