use std::fmt;

/// A piece of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A word, a number, a date or a text in quotes.
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
    /// The end of the filter.
    End,
}

/// A text as it is written, and what is special about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The text, without quotes and escapes.
    pub text: String,
    /// Whether it stood in quotes.
    pub is_quoted: bool,
    /// The places of `*` in it that stand for any text, counted in characters from 0.
    pub stars: Vec<usize>,
}

/// What stands between a field and a value.
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
    /// `:`, has.
    Has,
}

/// A token and where it begins, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What it is.
    pub token: Token,
    /// Where it begins.
    pub position: usize,
}

impl Token {
    /// Returns whether it is this word, without quotes.
    pub fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    /// Returns the text of a word without quotes.
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
