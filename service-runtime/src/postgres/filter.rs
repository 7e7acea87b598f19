//! Filters as SQL conditions.

use super::Statement;
use crate::filter::{Comparison, Expression, Field, Pattern, Point, Test};

/// Appends an expression, whose comparisons `test` appends.
pub fn push<F: Field>(
    statement: &mut Statement,
    expression: &Expression<F>,
    test: &mut impl FnMut(&mut Statement, &Test<F>),
) {
    let (parts, operator) = match expression {
        Expression::All(parts) => (parts, " AND "),
        Expression::Any(parts) => (parts, " OR "),
        Expression::Not(part) => {
            statement.push("(");
            push(statement, part, test);
            // A comparison with a missing value is null, and its negation true.
            statement.push(" IS NOT TRUE)");
            return;
        }
        Expression::Test(comparison) => {
            statement.push("(");
            test(statement, comparison);
            statement.push(")");
            return;
        }
    };
    for (index, part) in parts.iter().enumerate() {
        statement.push(if index == 0 { "(" } else { operator });
        push(statement, part, test);
    }
    statement.push(")");
}

/// Appends the comparison of a text column with a pattern.
pub fn push_text(statement: &mut Statement, column: &str, pattern: &Pattern) {
    let literal = literal(pattern.text());
    statement.push(column);
    match pattern {
        Pattern::Equals(text) => statement.push(" = ").bind(text.as_str()),
        Pattern::Contains(_) => statement.push(" ILIKE ").bind(format!("%{literal}%")),
        Pattern::StartsWith(_) => statement.push(" LIKE ").bind(format!("{literal}%")),
        Pattern::EndsWith(_) => statement.push(" LIKE ").bind(format!("%{literal}")),
    };
}

/// Escapes the wildcards of `LIKE`.
pub fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}

/// Appends the comparison of a time column with a point in time.
pub fn push_time(statement: &mut Statement, column: &str, comparison: Comparison, point: Point) {
    for (index, (comparison, bound)) in point.bounds(comparison).into_iter().enumerate() {
        statement.push(if index > 0 { " AND " } else { "" });
        statement
            .push(column)
            .push(" ")
            .push(comparison.sign())
            .push(" ");
        statement.bind(bound);
    }
}
