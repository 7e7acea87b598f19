mod grammar;
mod hostile;
mod mistakes;
mod moments;

use super::{Expression, Filter, Test};

/// Reads a filter and shows its structure in a few signs: `&` all, `|` any, `!` not, and a field for each test.
fn shape(text: &str) -> String {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    join(filter.terms(), " & ")
}

fn join(parts: &[Expression], sign: &str) -> String {
    let parts: Vec<String> = parts.iter().map(show).collect();
    parts.join(sign)
}

fn show(expression: &Expression) -> String {
    match expression {
        Expression::All(parts) => format!("({})", join(parts, " & ")),
        Expression::Any(parts) => format!("({})", join(parts, " | ")),
        Expression::Not(part) => format!("!{}", show(part)),
        Expression::Test(test) => test.field().word().to_owned(),
    }
}

/// Reads a filter that is a single test.
fn test(text: &str) -> Test {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match filter.terms() {
        [Expression::Test(test)] => test.clone(),
        other => panic!("{text} is {other:?}"),
    }
}
