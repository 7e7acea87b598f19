//! Lexer: characters to tokens.

use super::{
    FilterError,
    token::{Literal, Operator, Placed, Token},
};

/// Splits a filter into tokens; the last one is its end.
pub fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    let characters: Vec<char> = text.chars().collect();
    if let Some(index) = characters.iter().position(|character| *character == '\0') {
        let expected = "text without U+0000, which no record contains";
        return Err(FilterError::new(index + 1, "U+0000", expected));
    }
    let mut lexer = Lexer {
        characters: &characters,
        next: 0,
    };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_while(char::is_whitespace);
        let position = lexer.next + 1;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        tokens.push(Placed { token, position });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    characters: &'a [char],
    next: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.next).copied()
    }

    fn skip_while(&mut self, is_meant: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is_meant) {
            self.next += 1;
        }
    }

    fn follows(&mut self, character: char) -> bool {
        let follows = self.peek() == Some(character);
        self.next += usize::from(follows);
        follows
    }

    fn token(&mut self) -> Result<Token, FilterError> {
        let Some(character) = self.peek() else {
            return Ok(Token::End);
        };
        if is_word(character) {
            return Ok(self.word());
        }
        self.next += 1;
        let position = self.next;
        Ok(match character {
            '(' => Token::Open,
            ')' => Token::Close,
            '-' => Token::Minus,
            '+' => Token::Plus,
            ':' => Token::Operator(Operator::Has),
            '=' => {
                // `==`, as in programming languages.
                self.follows('=');
                Token::Operator(Operator::Equal)
            }
            '!' if self.follows('=') => Token::Operator(Operator::NotEqual),
            '<' if self.follows('=') => Token::Operator(Operator::LessOrEqual),
            '<' => Token::Operator(Operator::Less),
            '>' if self.follows('=') => Token::Operator(Operator::GreaterOrEqual),
            '>' => Token::Operator(Operator::Greater),
            '"' | '\'' => self.quoted(character)?,
            other => {
                let (expected, suggestion) = match other {
                    '!' => ("\"!=\" or NOT", Some("NOT")),
                    '&' => ("AND between two conditions", Some("AND")),
                    '|' => ("OR between two conditions", Some("OR")),
                    '“' | '”' | '„' | '‘' | '’' => ("plain quotation marks", Some("\"")),
                    _ => ("a field, a value in quotes, or an operator", None),
                };
                let found = format!("\"{}\"", other.escape_debug());
                return Err(FilterError::new(position, found, expected).suggest(suggestion));
            }
        })
    }

    fn word(&mut self) -> Token {
        let begin = self.next;
        let is_moment = self.is_date_with_time();
        self.skip_while(|character| {
            is_word(character) || character == '-' || (is_moment && matches!(character, ':' | '+'))
        });
        let characters = &self.characters[begin..self.next];
        let stars = star_positions(characters);
        Token::Text(Literal {
            text: characters.iter().collect(),
            is_quoted: false,
            stars,
        })
    }

    /// Returns whether a time such as `2026-12-01T09:00:00+01:00` begins here, the only word that contains colons and a plus.
    fn is_date_with_time(&self) -> bool {
        const FORM: &str = "dddd-dd-ddT";
        let rest = &self.characters[self.next..];
        rest.len() > FORM.len()
            && FORM.chars().zip(rest).all(|(form, character)| match form {
                'd' => character.is_ascii_digit(),
                'T' => matches!(character, 'T' | 't'),
                form => *character == form,
            })
    }

    fn quoted(&mut self, quote: char) -> Result<Token, FilterError> {
        let begin = self.next;
        let mut text = String::new();
        let (mut length, mut stars) = (0, Vec::new());
        loop {
            let character = self.peek();
            self.next += 1;
            let character = match character {
                None => {
                    let closing = format!("the closing {quote} of this text");
                    return Err(FilterError::new(begin, "a text without an end", closing));
                }
                Some(character) if character == quote => break,
                Some('\\') => self.escaped()?,
                Some('*') => {
                    stars.push(length);
                    '*'
                }
                Some(character) => character,
            };
            text.push(character);
            length += 1;
        }
        Ok(Token::Text(Literal {
            text,
            is_quoted: true,
            stars,
        }))
    }

    fn escaped(&mut self) -> Result<char, FilterError> {
        let character = self.peek();
        self.next += 1;
        match character {
            Some(character @ ('\\' | '"' | '\'' | '*')) => Ok(character),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some(other) => Err(FilterError::new(
                self.next - 1,
                format!("\"\\{}\"", other.escape_debug()),
                "\\\\, \\\", \\', \\*, \\n or \\t",
            )),
            None => Err(FilterError::new(
                self.next - 1,
                "a text without an end",
                "a closing quotation mark",
            )),
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '_' | '.' | '*' | '/' | '#' | '@')
        // Emoji and combining marks.
        || (!character.is_ascii()
            && !character.is_whitespace()
            && !character.is_control()
            && !matches!(character, '“' | '”' | '„' | '‘' | '’'))
}

fn star_positions(characters: &[char]) -> Vec<usize> {
    characters
        .iter()
        .enumerate()
        .filter_map(|(index, character)| (*character == '*').then_some(index))
        .collect()
}
