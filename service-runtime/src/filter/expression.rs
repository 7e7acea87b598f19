use uuid::Uuid;

use super::{Comparison, Field, Moment, Name, Pattern};

/// Condition that a record either meets or does not meet: a comparison with a missing value is false, its negation true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression<F> {
    /// All of the expressions.
    All(Vec<Self>),
    /// At least one of the expressions.
    Any(Vec<Self>),
    /// Negation.
    Not(Box<Self>),
    /// Single comparison.
    Test(Test<F>),
}

/// Comparison of one field; `!=` is the negation of `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test<F> {
    /// Text that matches a pattern.
    Text(F, Pattern),
    /// Comparison with a word, given by its index.
    Choice(F, Comparison, usize),
    /// Comparison with a date or time.
    Time(F, Comparison, Moment),
    /// Name among the field's names.
    Name(F, Name),
    /// Equal id.
    Id(F, Uuid),
    /// Flag that is set.
    Flag(F),
    /// Field that has any value.
    Present(F),
}

impl<F: Field> Expression<F> {
    /// Returns all comparisons in the expression.
    pub fn tests(&self) -> impl Iterator<Item = &Test<F>> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            loop {
                match waiting.pop()? {
                    Self::All(parts) | Self::Any(parts) => waiting.extend(parts.iter().rev()),
                    Self::Not(part) => waiting.push(part),
                    Self::Test(test) => return Some(test),
                }
            }
        })
    }
}

impl<F: Field> Test<F> {
    /// Returns the field that is compared.
    pub fn field(&self) -> F {
        match self {
            Self::Text(field, _)
            | Self::Choice(field, ..)
            | Self::Time(field, ..)
            | Self::Name(field, _)
            | Self::Id(field, _)
            | Self::Flag(field)
            | Self::Present(field) => *field,
        }
    }
}
