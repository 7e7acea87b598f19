//! Parser of the AIP-160 grammar.
//!
//! ```text
//! expression = sequence { "AND" sequence }
//! sequence   = factor { factor }
//! factor     = term { "OR" term }
//! term       = [ "NOT" | "-" ] ( "(" expression ")" | restriction )
//! ```

use super::{
    Expression, Field, FilterError, cursor::Cursor, lexer, restriction::restriction, token::Token,
};

/// Parses a filter into its terms.
pub fn parse<F: Field>(text: &str) -> Result<Vec<Expression<F>>, FilterError> {
    let length = text.chars().count();
    if length > F::MAX_LENGTH {
        return Err(FilterError::new(
            F::MAX_LENGTH + 1,
            format!("a filter of {length} characters"),
            format!("{} or fewer", F::MAX_LENGTH),
        ));
    }
    let tokens = lexer::tokens(text)?;
    let mut parser = Parser {
        cursor: Cursor::new(&tokens),
        depth: 0,
        tests: 0,
    };
    if parser.cursor.peek().token == Token::End {
        return Ok(Vec::new());
    }
    let terms = parser.expression()?;
    let rest = parser.cursor.peek();
    if rest.token != Token::End {
        return Err(FilterError::new(
            rest.position,
            &rest.token,
            "AND, OR or the end",
        ));
    }
    Ok(terms)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    depth: usize,
    tests: usize,
}

impl Parser<'_> {
    fn expression<F: Field>(&mut self) -> Result<Vec<Expression<F>>, FilterError> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.factor()?);
            let next = self.cursor.peek();
            if next.token.is_word("AND") {
                self.cursor.take();
            } else if matches!(next.token, Token::End | Token::Close) {
                return Ok(parts);
            }
        }
    }

    fn factor<F: Field>(&mut self) -> Result<Expression<F>, FilterError> {
        let mut parts = vec![self.term()?];
        while self.cursor.peek().token.is_word("OR") {
            self.cursor.take();
            parts.push(self.term()?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => Expression::Any(parts.into_iter().chain(last).collect()),
        })
    }

    fn term<F: Field>(&mut self) -> Result<Expression<F>, FilterError> {
        let next = self.cursor.peek();
        if next.token.is_word("NOT") || next.token == Token::Minus {
            self.cursor.take();
            return Ok(negated(self.simple()?));
        }
        self.simple()
    }

    fn simple<F: Field>(&mut self) -> Result<Expression<F>, FilterError> {
        let next = self.cursor.peek();
        if next.token == Token::Open {
            self.cursor.take();
            return self.nested(next.position);
        }
        self.tests += 1;
        if self.tests > F::MAX_TESTS {
            return Err(FilterError::new(
                next.position,
                format!("condition number {}", self.tests),
                format!("{} conditions or fewer", F::MAX_TESTS),
            ));
        }
        restriction(&mut self.cursor)
    }

    fn nested<F: Field>(&mut self, position: usize) -> Result<Expression<F>, FilterError> {
        self.depth += 1;
        if self.depth > F::MAX_DEPTH {
            return Err(FilterError::new(
                position,
                format!("parentheses nested {} deep", self.depth),
                format!("{} levels or fewer", F::MAX_DEPTH),
            ));
        }
        let mut parts = self.expression()?;
        let closing = self.cursor.take();
        if closing.token != Token::Close {
            let expected = format!("\")\" for the \"(\" at character {position}");
            return Err(FilterError::new(closing.position, &closing.token, expected));
        }
        self.depth -= 1;
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => Expression::All(parts.into_iter().chain(last).collect()),
        })
    }
}

fn negated<F>(expression: Expression<F>) -> Expression<F> {
    match expression {
        Expression::Not(inner) => *inner,
        other => Expression::Not(Box::new(other)),
    }
}
