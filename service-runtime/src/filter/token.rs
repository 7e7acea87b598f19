use std::fmt;

/// Token of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Word, number, date or quoted text.
    Text(Literal),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=` or `:`.
    Operator(Operator),
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
    /// End of the filter.
    End,
}

/// Text of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Text without quotes and escapes.
    pub text: String,
    /// Whether the text was quoted.
    pub is_quoted: bool,
    /// Positions of the `*` that stand for any text, in characters, from 0.
    pub stars: Vec<usize>,
}

/// Operator between a field and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `:` (has).
    Has,
}

/// Token with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Token.
    pub token: Token,
    /// Position of its first character, from 1.
    pub position: usize,
}

impl Token {
    /// Returns whether the token is this word, unquoted.
    pub fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    /// Returns the text of an unquoted word.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Text(literal) if !literal.is_quoted => Some(&literal.text),
            _ => None,
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(literal) => literal.fmt(formatter),
            Self::Operator(operator) => operator.fmt(formatter),
            Self::Open => formatter.write_str("\"(\""),
            Self::Close => formatter.write_str("\")\""),
            Self::Minus => formatter.write_str("\"-\""),
            Self::Plus => formatter.write_str("\"+\""),
            Self::End => formatter.write_str("the end"),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST_SHOWN: usize = 60;
        let mut shown: String = self.text.chars().take(LONGEST_SHOWN).collect();
        if shown.len() < self.text.len() {
            shown.push('…');
        }
        write!(formatter, "\"{}\"", shown.escape_debug())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "\"=\"",
            Self::NotEqual => "\"!=\"",
            Self::Less => "\"<\"",
            Self::LessOrEqual => "\"<=\"",
            Self::Greater => "\">\"",
            Self::GreaterOrEqual => "\">=\"",
            Self::Has => "\":\"",
        })
    }
}
