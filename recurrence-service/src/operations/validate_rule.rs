use crate::{
    domain::{Occurrence, Proposal},
    error::Error,
};

/// First and last occurrence of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstAndLast {
    /// The rule's first date at or after the start.
    pub first: Occurrence,
    /// The rule's last date; none if it has no end.
    pub last: Option<Occurrence>,
}

/// Returns the first and last occurrence of a proposed series.
#[tracing::instrument(name = "operation.validate_rule", skip_all)]
pub fn validate_rule(proposal: Proposal) -> Result<FirstAndLast, Error> {
    let series = proposal.series()?;
    Ok(FirstAndLast {
        first: series.first(),
        last: series.last(),
    })
}
