//! Errors for words that are no field.

use super::{
    Field, FilterError,
    token::{Placed, Token},
};
use crate::suggestion::nearest;

/// Returns the error of a token that stands where a field is expected.
pub fn unknown_field<F: Field>(found: &Placed, next: &Placed) -> FilterError {
    let words = || F::ALL.iter().map(|field| field.word());
    let a_field = || format!("a field ({})", words().collect::<Vec<_>>().join(", "));
    let text = || F::TEXT.map(|field| format!("{}:{}", field.word(), found.token));
    let error = |expected: &str| FilterError::new(found.position, &found.token, expected);
    let Some(word) = found.token.word() else {
        return match found.token {
            Token::End => error("a condition"),
            Token::Text(_) => error("a field and an operator before a text").suggest(text()),
            _ => error(&a_field()),
        };
    };
    let is_compared = matches!(next.token, Token::Operator(_));
    let field = || {
        let field = F::suggested_for(word).filter(|_| is_compared);
        let nearest = || nearest(word, words());
        field.map(F::word).or_else(nearest).map(str::to_owned)
    };
    let suggestion = match word.to_lowercase().as_str() {
        keyword @ ("and" | "or" | "not") => Some(keyword.to_uppercase()),
        word => F::comparison_for(word)
            .filter(|_| !is_compared)
            .or_else(field)
            .or_else(|| text().filter(|_| !is_compared)),
    };
    error(&a_field()).suggest(suggestion)
}
