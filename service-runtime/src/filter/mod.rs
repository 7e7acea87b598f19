//! Filters in the language of [AIP-160](https://google.aip.dev/160).
//!
//! `state = open AND priority >= high AND due < today + 7d AND tag:"work" AND NOT category:"home"`
//!
//! - Adjacent terms are joined by `AND`. **`OR` binds tighter than `AND`**, as AIP-160 has it: `muted OR blocked AND overdue` means
//!   `(muted OR blocked) AND overdue`. `NOT` and `-` negate one term.
//! - A missing value equals nothing: `due != today` is true of a task without a due time, because it means `NOT due = today`.
//! - A date means the whole of that day in the user's time zone: `due <= today` includes this evening.
//! - `field:*` asks whether a record has the field.
//!
//! A service declares its fields ([`Field`]) and parses a text into a typed [`Filter`]. It writes the filter as SQL
//! ([`crate::postgres::filter`]) or evaluates it in memory ([`Record`]).

mod error;
mod evaluate;
mod expression;
mod field;
mod lexer;
mod moment;
mod name;
mod parser;
mod pattern;
mod restriction;
mod token;
mod unknown_field;

pub use error::FilterError;
pub use evaluate::{Record, Value};
pub use expression::{Comparison, Expression, Test};
pub use field::{Field, Kind};
pub use moment::{Moment, Now, Point};
pub use name::{Name, NameKey};
pub use pattern::Pattern;

/// Parsed filter, in which relative times are still relative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter<F>(Vec<Expression<F>>);

impl<F> Default for Filter<F> {
    /// Returns the filter that every record matches.
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: Field> Filter<F> {
    /// Parses a filter; every record matches an empty one.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(Self)
    }

    /// Returns the conjunction of two filters.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the terms, all of which a match meets.
    pub fn terms(&self) -> &[Expression<F>] {
        &self.0
    }

    /// Returns whether the filter names any of these fields.
    pub fn names(&self, fields: &[F]) -> bool {
        self.tests().any(|test| fields.contains(&test.field()))
    }

    /// Returns all comparisons in the filter.
    pub fn tests(&self) -> impl Iterator<Item = &Test<F>> {
        self.0.iter().flat_map(Expression::tests)
    }
}
