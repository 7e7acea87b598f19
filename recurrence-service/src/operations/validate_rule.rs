use crate::{
    domain::{Occurrence, Proposal},
    error::Error,
};

/// Where a series begins, and where it ends if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstAndLast {
    /// The rule's first date at or after the start.
    pub first: Occurrence,
    /// The rule's last date; none if it goes on for ever.
    pub last: Option<Occurrence>,
}

/// Tells where a series would begin and end.
#[tracing::instrument(name = "operation.validate_rule", skip_all)]
pub fn validate_rule(proposal: Proposal) -> Result<FirstAndLast, Error> {
    let series = proposal.series()?;
    Ok(FirstAndLast {
        first: series.first(),
        last: series.last(),
    })
}
