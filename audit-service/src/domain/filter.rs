//! The language in which records are chosen: comparisons of fields, joined by AND, OR, NOT and brackets (AIP-160).

use chrono::{DateTime, Utc};
use uuid::Uuid;

const LONGEST: usize = 1_000;
const MOST_COMPARISONS: usize = 50;
const DEEPEST: usize = 10;

/// Which records are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Those that all of these mean; all records if there are none.
    All(Vec<Condition>),
    /// Those that one of these means.
    Any(Vec<Condition>),
    /// Those that this does not mean.
    Not(Box<Condition>),
    /// Those whose text is this one.
    Text(TextField, String),
    /// Those whose action begins so.
    ActionBegins(String),
    /// Those whose id is this one.
    Id(IdField, Uuid),
    /// Those whose time compares so.
    Time(TimeField, Order, DateTime<Utc>),
}

/// A field that holds a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called as in the contract")]
pub enum TextField {
    Action,
    EventType,
    TraceId,
    OperationId,
    ActorUserId,
    ActorService,
    ActorClientId,
    ActorTokenId,
    ActorIpAddress,
}

/// A field that holds an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called as in the contract")]
pub enum IdField {
    TaskId,
    ReminderId,
}

/// A field that holds a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called as in the contract")]
pub enum TimeField {
    EventTime,
    RecordTime,
}

/// How two times compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called as what they are")]
pub enum Order {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Text(TextField),
    Id(IdField),
    Time(TimeField),
}

const FIELDS: [(&str, Field); 13] = [
    ("task_id", Field::Id(IdField::TaskId)),
    ("reminder_id", Field::Id(IdField::ReminderId)),
    ("action", Field::Text(TextField::Action)),
    ("event_type", Field::Text(TextField::EventType)),
    ("trace_id", Field::Text(TextField::TraceId)),
    ("operation_id", Field::Text(TextField::OperationId)),
    ("actor.user_id", Field::Text(TextField::ActorUserId)),
    ("actor.service", Field::Text(TextField::ActorService)),
    ("actor.client_id", Field::Text(TextField::ActorClientId)),
    ("actor.token_id", Field::Text(TextField::ActorTokenId)),
    ("actor.ip_address", Field::Text(TextField::ActorIpAddress)),
    ("event_time", Field::Time(TimeField::EventTime)),
    ("record_time", Field::Time(TimeField::RecordTime)),
];

/// A filter that does not read, with the cure.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It is too long.
    #[error(
        "must have at most {LONGEST} characters and {MOST_COMPARISONS} comparisons, in at most {DEEPEST} brackets"
    )]
    TooLong,
    /// It has the one character that no record has.
    #[error("has the character U+0000 at position {0}, which no record has; leave it out")]
    Nul(usize),
    /// A text does not end.
    #[error("a text has no end: close it with \"")]
    OpenText,
    /// Something else was expected.
    #[error(
        "expected {expected} where there is {found}; write comparisons such as action = \"task.completed\", joined by AND, OR, NOT and brackets"
    )]
    Unexpected {
        /// What was expected.
        expected: &'static str,
        /// What there is.
        found: String,
    },
    /// No such field.
    #[error(
        "there is no field {0}; there are task_id, reminder_id, action, event_type, trace_id, operation_id, actor.user_id, actor.service, actor.client_id, actor.token_id, actor.ip_address, event_time and record_time"
    )]
    UnknownField(String),
    /// The value does not fit.
    #[error("{field} must be compared with {expected}")]
    Value {
        /// The field.
        field: String,
        /// What it can be compared with.
        expected: &'static str,
    },
}

/// Reads a filter; an empty one means all records.
pub fn parse(text: &str) -> Result<Condition, FilterError> {
    if text.chars().count() > LONGEST {
        return Err(FilterError::TooLong);
    }
    if let Some(place) = text.chars().position(|character| character == '\0') {
        return Err(FilterError::Nul(place + 1));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Condition::All(Vec::new()));
    }
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        comparisons: 0,
        depth: 0,
    };
    let condition = parser.any()?;
    match parser.tokens.next() {
        None => Ok(condition),
        Some(token) => Err(unexpected("AND, OR or the end", Some(token))),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Operator(&'static str),
    Open,
    Close,
}

const OPERATORS: [&str; 6] = ["<=", ">=", "!=", "<", ">", "="];

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' => {
                tokens.push(Token::Open);
                1
            }
            ')' => {
                tokens.push(Token::Close);
                1
            }
            '"' => {
                let (value, length) = quoted(rest)?;
                tokens.push(Token::Text(value));
                length
            }
            _ => match OPERATORS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    tokens.push(Token::Operator(sign));
                    sign.len()
                }
                None => {
                    let ends = |character: char| {
                        character.is_whitespace() || "()\"<>=!".contains(character)
                    };
                    let end = rest.find(ends).unwrap_or(rest.len());
                    // A sign that begins no operator is a word by itself.
                    let end = end.max(first.len_utf8());
                    tokens.push(Token::Word(rest[..end].to_owned()));
                    end
                }
            },
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Reads a text in quotation marks, in which \" and \\ stand for themselves; returns it with its length in the filter.
fn quoted(rest: &str) -> Result<(String, usize), FilterError> {
    let mut value = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Ok((value, place + 1)),
            '\\' => match characters.next() {
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            _ => value.push(character),
        }
    }
    Err(FilterError::OpenText)
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    comparisons: usize,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Condition, FilterError> {
        let mut conditions = vec![self.all()?];
        while self.take_word("OR") {
            conditions.push(self.all()?);
        }
        Ok(joined(conditions, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, FilterError> {
        let mut conditions = vec![self.negated()?];
        while self.take_word("AND") {
            conditions.push(self.negated()?);
        }
        Ok(joined(conditions, Condition::All))
    }

    fn negated(&mut self) -> Result<Condition, FilterError> {
        if self.take_word("NOT") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        self.one()
    }

    fn one(&mut self) -> Result<Condition, FilterError> {
        match self.tokens.next() {
            Some(Token::Open) => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(FilterError::TooLong);
                }
                let condition = self.any()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some(Token::Close) => Ok(condition),
                    found => Err(unexpected(")", found)),
                }
            }
            Some(Token::Word(name)) => self.comparison(name),
            found => Err(unexpected("a field", found)),
        }
    }

    fn comparison(&mut self, name: String) -> Result<Condition, FilterError> {
        self.comparisons += 1;
        if self.comparisons > MOST_COMPARISONS {
            return Err(FilterError::TooLong);
        }
        let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) else {
            return Err(FilterError::UnknownField(name));
        };
        let operator = match self.tokens.next() {
            Some(Token::Operator(operator)) => operator,
            found => return Err(unexpected("=, !=, <, <=, > or >=", found)),
        };
        let value = match self.tokens.next() {
            Some(Token::Word(value) | Token::Text(value)) => value,
            found => return Err(unexpected("a value", found)),
        };
        compared(*field, name, operator, value)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_it = |token: &Token| matches!(token, Token::Word(found) if found == word);
        self.tokens.next_if(is_it).is_some()
    }
}

fn joined(mut conditions: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.len() {
        1 => conditions.swap_remove(0),
        _ => join(conditions),
    }
}

fn compared(
    field: Field,
    name: String,
    operator: &str,
    value: String,
) -> Result<Condition, FilterError> {
    let wrong = |expected| FilterError::Value {
        field: name,
        expected,
    };
    let order = match operator {
        "<" => Some(Order::Less),
        "<=" => Some(Order::LessOrEqual),
        ">" => Some(Order::Greater),
        ">=" => Some(Order::GreaterOrEqual),
        _ => None,
    };
    let condition = match (field, order) {
        (Field::Time(field), order) => {
            let time = DateTime::parse_from_rfc3339(&value).map_err(|_| {
                wrong("a time with its offset, such as \"2026-12-01T09:00:00+01:00\"")
            })?;
            Condition::Time(field, order.unwrap_or(Order::Equal), time.to_utc())
        }
        (_, Some(_)) => return Err(wrong("= or !=: only times come before or after each other")),
        (Field::Id(field), None) => {
            let id = value
                .parse()
                .map_err(|_| wrong("an id such as \"01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60\""))?;
            Condition::Id(field, id)
        }
        (Field::Text(TextField::Action), None) if value.ends_with('*') => {
            Condition::ActionBegins(value.trim_end_matches('*').to_owned())
        }
        (Field::Text(field), None) => Condition::Text(field, value),
    };
    Ok(match operator {
        "!=" => Condition::Not(Box::new(condition)),
        _ => condition,
    })
}

fn unexpected(expected: &'static str, found: Option<Token>) -> FilterError {
    let found = match found {
        None => "the end".to_owned(),
        Some(Token::Word(text) | Token::Text(text)) => text,
        Some(Token::Operator(sign)) => sign.to_owned(),
        Some(Token::Open) => "(".to_owned(),
        Some(Token::Close) => ")".to_owned(),
    };
    FilterError::Unexpected { expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(text: &str) -> Condition {
        Condition::Text(TextField::Action, text.to_owned())
    }

    #[test]
    fn and_binds_more_than_or_and_not_more_than_both() {
        let read = parse("action = a OR NOT action = b AND (action=\"c\" OR action != d)").unwrap();
        let not = |condition| Condition::Not(Box::new(condition));
        assert_eq!(
            read,
            Condition::Any(vec![
                action("a"),
                Condition::All(vec![
                    not(action("b")),
                    Condition::Any(vec![action("c"), not(action("d"))]),
                ]),
            ])
        );
    }

    #[test]
    fn texts_may_hold_anything() {
        assert_eq!(
            parse(r#"action = "a \"b\" \\ (c)""#),
            Ok(action(r#"a "b" \ (c)"#))
        );
        assert_eq!(
            parse("action = \"task.*\""),
            Ok(Condition::ActionBegins("task.".to_owned()))
        );
    }

    #[test]
    fn times_come_before_and_after_each_other() {
        let time = DateTime::from_timestamp(1_764_576_000, 0).unwrap();
        assert_eq!(
            parse("event_time>=\"2025-12-01T09:00:00+01:00\""),
            Ok(Condition::Time(
                TimeField::EventTime,
                Order::GreaterOrEqual,
                time
            ))
        );
    }

    #[test]
    fn nul_is_refused_with_its_position() {
        let fields = FIELDS.map(|(name, _)| name);
        for name in fields {
            for (filter, place) in [
                (format!("{name} = \"\0\""), name.len() + 5),
                (format!("{name} = \0"), name.len() + 4),
                (format!("{name} != \"é\\\0*\""), name.len() + 8),
                (format!("(NOT {name} = x\0)"), name.len() + 10),
                (format!("{name}\0 = x"), name.len() + 1),
            ] {
                assert_eq!(parse(&filter), Err(FilterError::Nul(place)), "{filter:?}");
            }
        }
    }

    #[test]
    fn an_empty_filter_means_all() {
        assert_eq!(parse(" \n"), Ok(Condition::All(Vec::new())));
    }

    #[test]
    fn what_does_not_read_says_what_would() {
        for (filter, words) in [
            ("title = x", "no field title"),
            ("action", "expected =, !="),
            ("action =", "expected a value"),
            ("action = \"x", "close it"),
            ("(action = x", "expected )"),
            ("action = x action = y", "expected AND, OR or the end"),
            ("action < x", "only times"),
            ("task_id = 7", "task_id must be compared with an id"),
            ("event_time > tomorrow", "a time with its offset"),
            ("!", "no field !"),
            ("AND", "no field AND"),
        ] {
            let told = parse(filter).unwrap_err().to_string();
            assert!(told.contains(words), "{filter}: {told}");
        }
        let deep = "(".repeat(11);
        assert_eq!(parse(&deep), Err(FilterError::TooLong));
        let many = vec!["action = x"; 51].join(" OR ");
        assert_eq!(parse(&many), Err(FilterError::TooLong));
        assert_eq!(parse(&"x".repeat(1_001)), Err(FilterError::TooLong));
    }
}
