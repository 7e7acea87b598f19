//! Between protobuf and domain.

use prost_types::Timestamp;
use service_runtime::{
    clock::{from_timestamp, timestamp},
    grpc::FieldViolation,
};
use taskmesh_proto::{recurrence::v1 as pb, task::v1::RecurrenceAnchor};

use crate::{
    domain::{Anchor, Occurrence, Proposal, format_local_time},
    error::Error,
    operations::FirstAndLast,
};

/// Default number of dates in a preview.
const DEFAULT_COUNT: usize = 5;

/// Request for a preview.
pub(super) struct Preview {
    pub proposal: Proposal,
    pub count: usize,
}

impl TryFrom<pb::ValidateRuleRequest> for Proposal {
    type Error = Error;

    fn try_from(message: pb::ValidateRuleRequest) -> Result<Self, Error> {
        let pb::ValidateRuleRequest {
            recurrence_rule,
            time_zone,
            start_time,
            recurrence_anchor,
        } = message;
        proposal(&recurrence_rule, &time_zone, start_time, recurrence_anchor)
            .map_err(Error::Invalid)
    }
}

impl TryFrom<pb::PreviewOccurrencesRequest> for Preview {
    type Error = Error;

    fn try_from(message: pb::PreviewOccurrencesRequest) -> Result<Self, Error> {
        let pb::PreviewOccurrencesRequest {
            recurrence_rule,
            time_zone,
            start_time,
            recurrence_anchor,
            count,
        } = message;
        let proposal = proposal(&recurrence_rule, &time_zone, start_time, recurrence_anchor);
        match (proposal, preview_count(count)) {
            (Ok(proposal), Ok(count)) => Ok(Self { proposal, count }),
            (proposal, count) => {
                let mut violations = proposal.err().unwrap_or_default();
                violations.extend(count.err());
                Err(Error::Invalid(violations))
            }
        }
    }
}

/// Reads the fields that both requests have; returns the violations of all of them.
fn proposal(
    rule: &str,
    time_zone: &str,
    start_time: Option<Timestamp>,
    recurrence_anchor: i32,
) -> Result<Proposal, Vec<FieldViolation>> {
    let rule = rule
        .parse()
        .map_err(|error| violation("recurrence_rule", error));
    let time_zone = time_zone
        .parse()
        .map_err(|error| violation("time_zone", error));
    let start_time = match start_time {
        Some(time) => from_timestamp(time).ok_or("is not a moment; write RFC 3339 with offset"),
        None => Err("must be given: it says when the series begins"),
    }
    .map_err(|words| FieldViolation::new("start_time", words));
    let anchor = anchor(recurrence_anchor).ok_or_else(|| {
        FieldViolation::new(
            "recurrence_anchor",
            "is unknown; use RECURRENCE_ANCHOR_SCHEDULE or RECURRENCE_ANCHOR_COMPLETION",
        )
    });
    match (rule, time_zone, start_time, anchor) {
        (Ok(rule), Ok(time_zone), Ok(start_time), Ok(anchor)) => Ok(Proposal {
            rule,
            time_zone,
            start_time,
            anchor,
        }),
        (rule, time_zone, start_time, anchor) => {
            Err(
                [rule.err(), time_zone.err(), start_time.err(), anchor.err()]
                    .into_iter()
                    .flatten()
                    .collect(),
            )
        }
    }
}

fn violation(field: &str, error: impl std::error::Error) -> FieldViolation {
    FieldViolation::new(field, error.to_string())
}

fn preview_count(count: i32) -> Result<usize, FieldViolation> {
    match usize::try_from(count) {
        Ok(0) => Ok(DEFAULT_COUNT),
        Ok(count @ 1..=100) => Ok(count),
        _ => Err(FieldViolation::new(
            "count",
            format!("is {count}; ask for 1 to 100 dates, or leave it out for {DEFAULT_COUNT}"),
        )),
    }
}

/// Reads what dates are counted from; none if it is no value of the enum.
pub fn anchor(value: i32) -> Option<Anchor> {
    match RecurrenceAnchor::try_from(value).ok()? {
        RecurrenceAnchor::Unspecified | RecurrenceAnchor::Schedule => Some(Anchor::Schedule),
        RecurrenceAnchor::Completion => Some(Anchor::Completion),
    }
}

impl From<Occurrence> for pb::Occurrence {
    fn from(occurrence: Occurrence) -> Self {
        let Occurrence { local, time } = occurrence;
        Self {
            recurrence_id: format_local_time(local),
            time: Some(timestamp(time)),
        }
    }
}

impl From<FirstAndLast> for pb::ValidateRuleResponse {
    fn from(answer: FirstAndLast) -> Self {
        let FirstAndLast { first, last } = answer;
        Self {
            first: Some(first.into()),
            last: last.map(Into::into),
        }
    }
}

impl FromIterator<Occurrence> for pb::PreviewOccurrencesResponse {
    fn from_iter<I: IntoIterator<Item = Occurrence>>(occurrences: I) -> Self {
        Self {
            occurrences: occurrences.into_iter().map(Into::into).collect(),
        }
    }
}
