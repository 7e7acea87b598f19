//! Parser of the AIP-160 grammar.
//!
//! ```text
//! expression = sequence { "AND" sequence }
//! sequence   = factor { factor }
//! factor     = term { "OR" term }
//! term       = [ "NOT" | "-" ] ( "(" expression ")" | restriction )
//! ```

use super::{
    Expression, Field, FilterError, lexer,
    restriction::restriction,
    token::{Placed, Token},
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
        tokens: &tokens,
        next: 0,
        depth: 0,
        tests: 0,
    };
    if parser.peek().token == Token::End {
        return Ok(Vec::new());
    }
    let terms = parser.expression()?;
    let rest = parser.peek();
    if rest.token != Token::End {
        return Err(FilterError::new(
            rest.position,
            &rest.token,
            "AND, OR or the end",
        ));
    }
    Ok(terms)
}

/// Position in the tokens of a filter.
pub struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    depth: usize,
    tests: usize,
}

impl<'a> Parser<'a> {
    /// Returns the next token.
    pub fn peek(&self) -> &'a Placed {
        self.peek_after(0)
    }

    /// Returns the token after some others.
    pub fn peek_after(&self, others: usize) -> &'a Placed {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.next + others).min(last)]
    }

    /// Consumes the next token.
    pub fn take(&mut self) -> &'a Placed {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn expression<F: Field>(&mut self) -> Result<Vec<Expression<F>>, FilterError> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.factor()?);
            let next = self.peek();
            if next.token.is_word("AND") {
                self.take();
            } else if matches!(next.token, Token::End | Token::Close) {
                return Ok(parts);
            }
        }
    }

    fn factor<F: Field>(&mut self) -> Result<Expression<F>, FilterError> {
        let mut parts = vec![self.term()?];
        while self.peek().token.is_word("OR") {
            self.take();
            parts.push(self.term()?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => Expression::Any(parts.into_iter().chain(last).collect()),
        })
    }

    fn term<F: Field>(&mut self) -> Result<Expression<F>, FilterError> {
        let next = self.peek();
        if next.token.is_word("NOT") || next.token == Token::Minus {
            self.take();
            return Ok(negated(self.simple()?));
        }
        self.simple()
    }

    fn simple<F: Field>(&mut self) -> Result<Expression<F>, FilterError> {
        let next = self.peek();
        if next.token == Token::Open {
            self.take();
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
        restriction(self)
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
        let closing = self.take();
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
