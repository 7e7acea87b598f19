//! The conversation with the recurrence-service.

use service_runtime::clock::timestamp;
use taskmesh_proto::{recurrence::v1 as pb, task::v1 as pb_task};

use super::field::instant;
use crate::domain::{FirstOccurrence, Repetition};

/// Asks whether a rule is right, and where a series with it would begin.
pub fn validate_rule(repetition: &Repetition) -> pb::ValidateRuleRequest {
    let Repetition {
        recurrence,
        time_zone,
        start_time,
        has_start: _,
    } = repetition;
    pb::ValidateRuleRequest {
        recurrence_rule: recurrence.rule.as_ref().to_owned(),
        time_zone: time_zone.to_string(),
        start_time: Some(timestamp(*start_time)),
        recurrence_anchor: pb_task::RecurrenceAnchor::from(recurrence.anchor).into(),
    }
}

/// Reads where a series would begin; none if it cannot be read.
pub fn first_occurrence(occurrence: pb::Occurrence) -> Option<FirstOccurrence> {
    let pb::Occurrence {
        recurrence_id,
        time,
    } = occurrence;
    Some(FirstOccurrence {
        recurrence_id: recurrence_id.parse().ok()?,
        time: instant(time?)?,
    })
}
