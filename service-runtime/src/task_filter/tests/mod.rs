mod grammar;
mod hostile;
mod mistakes;
mod moments;

use super::{TaskField, TaskFilter};
use crate::filter::{Expression, Field as _, Test};

/// Parses a filter and returns its structure: `&` all, `|` any, `!` not, and a field for each comparison.
fn shape(text: &str) -> String {
    let filter = TaskFilter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    join(filter.terms(), " & ")
}

fn join(parts: &[Expression<TaskField>], sign: &str) -> String {
    let parts: Vec<String> = parts.iter().map(show).collect();
    parts.join(sign)
}

fn show(expression: &Expression<TaskField>) -> String {
    match expression {
        Expression::All(parts) => format!("({})", join(parts, " & ")),
        Expression::Any(parts) => format!("({})", join(parts, " | ")),
        Expression::Not(part) => format!("!{}", show(part)),
        Expression::Test(test) => test.field().word().to_owned(),
    }
}

/// Parses a filter with a single comparison.
fn test(text: &str) -> Test<TaskField> {
    let filter = TaskFilter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match filter.terms() {
        [Expression::Test(test)] => test.clone(),
        other => panic!("{text} is {other:?}"),
    }
}
