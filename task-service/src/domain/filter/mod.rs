//! The language in which lists, searches and exports say which tasks they mean: AIP-160, for tasks.
//!
//! `state = open AND priority >= high AND due < today + 7d AND tag:"work" AND NOT category:"home"`
//!
//! - Terms that stand side by side must all hold, as with `AND`. **`OR` binds tighter than `AND`**, as AIP-160 has it:
//!   `muted OR blocked AND overdue` means `(muted OR blocked) AND overdue`. `NOT` and `-` turn one term round.
//! - What a task does not have is equal to nothing: `due != today` is true of a task without a due time, for it means the same as
//!   `NOT due = today`.
//! - A date means the whole of that day in the user's zone: `due <= today` includes this evening.
//! - `field:*` asks whether a task has the field at all.

mod error;
mod expression;
mod field;
mod lexer;
mod mistake;
mod moment;
mod parser;
mod restriction;
#[cfg(test)]
mod tests;
mod text;
mod token;

pub use error::FilterError;
pub use expression::{Comparison, Expression, Flag, Name, NameKind, Test, TextField, TimeField};
pub use field::Field;
pub use moment::{Moment, Now, Point};
pub use text::Pattern;

/// The greatest length of a filter, in characters.
pub const LONGEST_FILTER: usize = 10_000;

/// Which tasks a caller means; checked, but with its relative dates still relative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter(Vec<Expression>);

impl Filter {
    /// Reads a filter; an empty one matches every task.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(Self)
    }

    /// Returns the filter that matches what this one and the other match.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the terms that must all hold.
    pub fn terms(&self) -> &[Expression] {
        &self.0
    }

    /// Returns whether one of these fields is named anywhere.
    pub fn names(&self, fields: &[Field]) -> bool {
        self.tests().any(|test| fields.contains(&test.field()))
    }

    /// Returns the longest piece of a word that title or description of every match contain, if the filter asks for one.
    pub fn part_of_word(&self) -> Option<String> {
        let texts = self.0.iter().filter_map(|term| match term {
            Expression::Test(Test::Text(_, pattern)) => pattern.part_of_word(),
            _ => None,
        });
        texts.max_by_key(String::len)
    }

    /// Returns whether only blocked tasks match.
    pub fn asks_for_blocked(&self) -> bool {
        let blocked = Expression::Test(Test::Flag(Flag::Blocked));
        self.0.contains(&blocked)
    }

    /// Returns all single tests, wherever they stand.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.0.iter().flat_map(Expression::tests)
    }
}
