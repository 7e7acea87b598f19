use std::fmt;

use super::evidence::{Change, Effect};

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A change of which no event tells.
    LostEvent(Change),
    /// An effect that is not there.
    LostEffect(Effect),
    /// A change of which several events tell; one event that is delivered several times is none of these.
    DoubledEvent(Change, usize),
    /// An effect that was brought about several times.
    DoubledEffect(Effect, usize),
    /// An event that arrived for the first time after an event of a later version.
    Inverted {
        /// The one that came late.
        late: Change,
        /// The version that was there before it.
        after: i64,
    },
    /// An event of a change that nobody has committed.
    Unfounded(Change),
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LostEvent(change) => write!(formatter, "lost: no event tells of {change}"),
            Self::LostEffect(effect) => write!(formatter, "lost: no {effect}"),
            Self::DoubledEvent(change, count) => {
                write!(formatter, "doubled: {count} events tell of {change}")
            }
            Self::DoubledEffect(effect, count) => {
                write!(formatter, "doubled: {count} times {effect}")
            }
            Self::Inverted { late, after } => {
                write!(formatter, "inverted: {late} arrived after version {after}")
            }
            Self::Unfounded(change) => {
                write!(formatter, "unfounded: nobody has committed {change}")
            }
        }
    }
}

/// How many promises of each kind were broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Changes without an event, and effects that are not there.
    pub lost: usize,
    /// Changes with several events, and effects that are there several times.
    pub doubled: usize,
    /// Events that arrived after later ones.
    pub inverted: usize,
    /// Events of nothing.
    pub unfounded: usize,
}

impl Tally {
    /// Counts.
    pub fn of(violations: &[Violation]) -> Self {
        let mut tally = Self::default();
        for violation in violations {
            match violation {
                Violation::LostEvent(_) | Violation::LostEffect(_) => tally.lost += 1,
                Violation::DoubledEvent(..) | Violation::DoubledEffect(..) => tally.doubled += 1,
                Violation::Inverted { .. } => tally.inverted += 1,
                Violation::Unfounded(_) => tally.unfounded += 1,
            }
        }
        tally
    }
}
