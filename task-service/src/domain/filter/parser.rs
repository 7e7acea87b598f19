//! From tokens to expressions: the grammar of AIP-160.
//!
//! ```text
//! expression = sequence { "AND" sequence }
//! sequence   = factor { factor }
//! factor     = term { "OR" term }
//! term       = [ "NOT" | "-" ] ( "(" expression ")" | restriction )
//! ```

use super::{
    Expression, FilterError, LONGEST_FILTER, lexer,
    restriction::restriction,
    token::{Placed, Token},
};

const DEEPEST_NESTING: usize = 32;
const MOST_TESTS: usize = 200;

/// Reads a filter as the list of what must all hold.
pub fn parse(text: &str) -> Result<Vec<Expression>, FilterError> {
    let length = text.chars().count();
    if length > LONGEST_FILTER {
        return Err(FilterError::new(
            LONGEST_FILTER + 1,
            format!("a filter of {length} characters"),
            format!("{LONGEST_FILTER} or fewer"),
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

/// Where the reading of a filter stands.
pub struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    depth: usize,
    tests: usize,
}

impl<'a> Parser<'a> {
    /// Returns the token to come.
    pub fn peek(&self) -> &'a Placed {
        self.peek_after(0)
    }

    /// Returns the token that comes after some others.
    pub fn peek_after(&self, others: usize) -> &'a Placed {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.next + others).min(last)]
    }

    /// Takes the token to come.
    pub fn take(&mut self) -> &'a Placed {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn expression(&mut self) -> Result<Vec<Expression>, FilterError> {
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

    fn factor(&mut self) -> Result<Expression, FilterError> {
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

    fn term(&mut self) -> Result<Expression, FilterError> {
        let next = self.peek();
        if next.token.is_word("NOT") || next.token == Token::Minus {
            self.take();
            return Ok(negated(self.simple()?));
        }
        self.simple()
    }

    fn simple(&mut self) -> Result<Expression, FilterError> {
        let next = self.peek();
        if next.token == Token::Open {
            self.take();
            return self.nested(next.position);
        }
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(FilterError::new(
                next.position,
                format!("condition number {}", self.tests),
                format!("{MOST_TESTS} conditions or fewer"),
            ));
        }
        restriction(self)
    }

    fn nested(&mut self, position: usize) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST_NESTING {
            return Err(FilterError::new(
                position,
                format!("parentheses nested {} deep", self.depth),
                format!("{DEEPEST_NESTING} levels or fewer"),
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

fn negated(expression: Expression) -> Expression {
    match expression {
        Expression::Not(inner) => *inner,
        other => Expression::Not(Box::new(other)),
    }
}
