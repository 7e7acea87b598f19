//! Words for mistakes that are often made.

use super::{
    Field, FilterError,
    token::{Placed, Token},
};
use crate::domain::nearest;

/// Returns the error of something where a field should stand.
pub fn no_field(found: &Placed, next: &Placed) -> FilterError {
    let position = found.position;
    let fields = || Field::words().collect::<Vec<_>>().join(", ");
    let Some(word) = found.token.word() else {
        return match found.token {
            Token::End => FilterError::new(position, &found.token, "a condition"),
            Token::Text(_) => FilterError::new(
                position,
                &found.token,
                "a field and an operator before a text",
            )
            .suggest(Some(format!("title:{}", found.token))),
            _ => FilterError::new(position, &found.token, format!("a field ({})", fields())),
        };
    };
    let is_compared = matches!(next.token, Token::Operator(_));
    let suggestion = match word.to_lowercase().as_str() {
        "and" | "&&" => Some("AND".to_owned()),
        "or" => Some("OR".to_owned()),
        "not" => Some("NOT".to_owned()),
        "open" | "completed" | "done" if !is_compared => Some(format!(
            "state = {}",
            if word.eq_ignore_ascii_case("open") {
                "open"
            } else {
                "completed"
            }
        )),
        "urgent" | "high" | "medium" | "low" if !is_compared => {
            Some(format!("priority = {}", word.to_lowercase()))
        }
        _ => Field::meant_by(word)
            .filter(|_| is_compared)
            .map(Field::word)
            .or_else(|| nearest(word, Field::words()))
            .map(str::to_owned),
    };
    let suggestion =
        suggestion.or_else(|| (!is_compared).then(|| format!("title:{}", found.token)));
    FilterError::new(position, &found.token, format!("a field ({})", fields())).suggest(suggestion)
}

/// Returns an example of a restriction of this field.
pub fn example(field: Field) -> &'static str {
    match field {
        Field::Title => "title:\"milk\"",
        Field::Description => "description:\"milk\"",
        Field::Priority => "priority >= high",
        Field::State => "state = open",
        Field::Due => "due < today + 7d",
        Field::Start => "start <= now",
        Field::Create => "create >= today - 7d",
        Field::Update => "update >= today - 7d",
        Field::Complete => "complete >= today - 7d",
        Field::Tag => "tag:\"work\"",
        Field::Category => "category:\"home\"",
        Field::Parent => "parent = \"019ab8c0-6f4e-7cc2-9d5b-0123456789ab\"",
        Field::Recurring => "recurring = true",
        Field::Blocked => "blocked = true",
        Field::Overdue => "overdue = true",
        Field::Muted => "muted = true",
    }
}
