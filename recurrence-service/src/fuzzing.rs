//! Entry point of the fuzzer; it panics if a promise is broken.

use prost_types::Timestamp;
use taskmesh_proto::recurrence::v1::ValidateRuleRequest;

use crate::{domain::Proposal, error::Error, operations::preview_occurrences};

/// Number of dates that are checked.
const DATES: usize = 20;

/// Reads a recurrence rule (RFC 5545) and finds its first dates, which come in their order and not before the start.
pub fn rule(text: &str) {
    let start = Timestamp {
        // 2026-03-28T01:30:00Z: the night before clocks change in Berlin.
        seconds: 1_774_661_400,
        nanos: 0,
    };
    let proposal: Result<Proposal, Error> = ValidateRuleRequest {
        recurrence_rule: text.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        start_time: Some(start),
        ..ValidateRuleRequest::default()
    }
    .try_into();
    let dates = proposal.and_then(|proposal| preview_occurrences(proposal, DATES));
    match dates {
        Ok(dates) => {
            assert!(!dates.is_empty(), "a series has at least one date");
            assert!(dates[0].time.timestamp() >= start.seconds, "{dates:?}");
            assert!(
                dates.is_sorted_by(|one, next| one.local < next.local),
                "{dates:?}"
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::corpus_of_texts;

    #[test]
    fn what_was_ever_found_is_read_or_refused() {
        corpus_of_texts(env!("CARGO_MANIFEST_DIR"), "rule").for_each(|text| super::rule(&text));
    }
}
