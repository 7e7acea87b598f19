use super::token::Placed;

/// Position in the tokens of a filter.
pub struct Cursor<'a> {
    tokens: &'a [Placed],
    next: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first token; the last one is the end of the filter.
    pub fn new(tokens: &'a [Placed]) -> Self {
        Self { tokens, next: 0 }
    }

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
}
