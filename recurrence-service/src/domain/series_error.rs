//! Errors of series.

/// The first year in which a series may begin.
pub(super) const MIN_START_YEAR: i32 = 1970;

/// The last year in which a series may begin.
pub(super) const MAX_START_YEAR: i32 = 2200;

/// Reason why no series can be made of a rule, a start and an anchor, in words that follow the field's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// The start is in this year.
    #[error("is in the year {0}; choose a start between {MIN_START_YEAR} and {MAX_START_YEAR}")]
    StartOutOfRange(i32),
    /// A part that says when, while completion is to say when.
    #[error(
        "has {0}, which cannot be used when the next date is counted from completion; keep only FREQ and INTERVAL, or count from the schedule"
    )]
    NotFromCompletion(&'static str),
    /// UNTIL is before the first date at or after the start.
    #[error("ends before its first date; choose a later UNTIL or an earlier start")]
    EndsBeforeFirst,
    /// No date matches within a hundred years.
    #[error(
        "never happens: no date within 100 years of the start matches all its parts; remove a part or change its value"
    )]
    NeverHappens,
}
