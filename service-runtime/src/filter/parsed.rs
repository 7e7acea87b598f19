use super::{Expression, Field, FilterError, Test, parser};

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
