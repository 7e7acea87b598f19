use crate::{
    domain::{Occurrence, Proposal},
    error::Error,
};

/// Returns the first dates of a series, at most this many; those counted from completion as if each were completed at its time.
#[tracing::instrument(name = "operation.preview_occurrences", skip_all)]
pub fn preview_occurrences(proposal: Proposal, count: usize) -> Result<Vec<Occurrence>, Error> {
    let series = proposal.series()?;
    Ok(series.occurrences().take(count).collect())
}
