//! One restriction: a field, an operator and a value that fit together.

use super::{
    Comparison, Expression, Field, FilterError, Flag, Moment, Name, NameKind, Pattern, Test,
    TextField, TimeField,
    mistake::{example, no_field},
    moment::Offset,
    parser::Parser,
    token::{Literal, Operator, Token},
};
use crate::domain::{Priority, nearest};

const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];
const STATES: [&str; 2] = ["open", "completed"];
const ANSWERS: [&str; 2] = ["true", "false"];
const MOMENTS: [&str; 4] = ["today", "tomorrow", "yesterday", "now"];
const A_MOMENT: &str = "a date such as 2026-12-01, an RFC 3339 time, or today, tomorrow, yesterday or now, with + 7d or - 2h if need be";
const A_STRETCH: &str = "a stretch of time such as 7d: m, h, d, w, mo or y";

/// Reads one restriction.
pub fn restriction(parser: &mut Parser) -> Result<Expression, FilterError> {
    let subject = parser.take();
    let field = subject
        .token
        .word()
        .and_then(Field::from_word)
        .ok_or_else(|| no_field(subject, parser.peek()))?;
    let next = parser.peek();
    let Token::Operator(operator) = next.token else {
        return match flag(field) {
            Some(flag) => Ok(Expression::Test(Test::Flag(flag))),
            None => {
                let expected = format!("an operator after {}: {}", field.word(), example(field));
                Err(FilterError::new(next.position, &next.token, expected))
            }
        };
    };
    let operator_position = parser.take().position;
    let value = parser.take();
    let Token::Text(literal) = &value.token else {
        let expected = format!("a value: {}", example(field));
        return Err(FilterError::new(value.position, &value.token, expected));
    };
    let operation = Operation {
        field,
        operator,
        operator_position,
        literal,
        position: value.position,
    };
    let expression = operation.expression(parser)?;
    Ok(if operator == Operator::NotEqual {
        Expression::Not(Box::new(expression))
    } else {
        expression
    })
}

fn flag(field: Field) -> Option<Flag> {
    match field {
        Field::Recurring => Some(Flag::Recurring),
        Field::Blocked => Some(Flag::Blocked),
        Field::Overdue => Some(Flag::Overdue),
        Field::Muted => Some(Flag::Muted),
        _ => None,
    }
}

struct Operation<'a> {
    field: Field,
    operator: Operator,
    operator_position: usize,
    literal: &'a Literal,
    position: usize,
}

impl Operation<'_> {
    /// Reads the whole operation, of which `!=` counts as `=`.
    fn expression(&self, parser: &mut Parser) -> Result<Expression, FilterError> {
        if let Some(flag) = flag(self.field) {
            self.only_equality()?;
            let test = Expression::Test(Test::Flag(flag));
            return match self.one_of(&ANSWERS)? {
                "true" => Ok(test),
                _ => Ok(Expression::Not(Box::new(test))),
            };
        }
        let is_star = !self.literal.is_quoted && self.literal.text == "*";
        if is_star && self.is_equality() {
            return Ok(Expression::Test(Test::Present(self.field)));
        }
        self.test(parser).map(Expression::Test)
    }

    fn test(&self, parser: &mut Parser) -> Result<Test, FilterError> {
        match self.field {
            Field::Title => self.text(TextField::Title),
            Field::Description => self.text(TextField::Description),
            Field::Priority => {
                let word = self.one_of(&PRIORITIES)?;
                Priority::from_word(word)
                    .map(|priority| Test::Priority(self.comparison(), priority))
                    .ok_or_else(|| self.not_one_of(&PRIORITIES))
            }
            Field::State => {
                self.only_equality()?;
                Ok(Test::Completed(self.one_of(&STATES)? == "completed"))
            }
            Field::Due => self.time(TimeField::Due, parser),
            Field::Start => self.time(TimeField::Start, parser),
            Field::Create => self.time(TimeField::Create, parser),
            Field::Update => self.time(TimeField::Update, parser),
            Field::Complete => self.time(TimeField::Complete, parser),
            Field::Tag => self.name(NameKind::Tag),
            Field::Category => self.name(NameKind::Category),
            Field::Parent => {
                self.only_equality()?;
                let id = self.literal.text.parse();
                id.map(Test::Parent)
                    .map_err(|_| self.error("the id of a task, a UUID"))
            }
            Field::Recurring | Field::Blocked | Field::Overdue | Field::Muted => {
                Err(self.error("true or false"))
            }
        }
    }

    fn text(&self, field: TextField) -> Result<Test, FilterError> {
        let pattern = match self.operator {
            Operator::Has => Pattern::contained(self.literal),
            _ => {
                self.only_equality()?;
                Pattern::equal(self.literal, self.position)?
            }
        };
        Ok(Test::Text(field, pattern))
    }

    fn name(&self, kind: NameKind) -> Result<Test, FilterError> {
        self.only_equality()?;
        if !self.literal.stars.is_empty() {
            return Err(self.error(
                "a whole name, or * alone for any (write \\* in quotes for the character itself)",
            ));
        }
        let name = Name {
            given: self.literal.text.clone(),
            position: self.position,
        };
        Ok(Test::Named(kind, name))
    }

    fn time(&self, field: TimeField, parser: &mut Parser) -> Result<Test, FilterError> {
        let text = self.literal.text.as_str();
        // Without spaces, `today-7d` is one word.
        let (anchor, back) = match text.split_once('-') {
            Some((anchor, back)) if MOMENTS.contains(&anchor) => (anchor, Some(back)),
            _ => (text, None),
        };
        let mut moment = Moment::parse(anchor).ok_or_else(|| {
            self.error(A_MOMENT)
                .suggest(nearest(text, MOMENTS).or_else(|| relative(text)))
        })?;
        if let Some(back) = back {
            let offset = Offset::parse(back).ok_or_else(|| self.error(A_STRETCH))?;
            moment = moment
                .moved(offset.back())
                .ok_or_else(|| self.error(A_MOMENT))?;
        }
        while let Some((offset, position)) = offset(parser)? {
            moment = moment.moved(offset).ok_or_else(|| {
                FilterError::new(position, "one stretch of time more", "the sum of them")
            })?;
        }
        Ok(Test::Time(field, self.comparison(), moment))
    }

    /// Returns the word among some that stands here, whatever its case; `PRIORITY_HIGH` is `high`, too.
    fn one_of<'a>(&self, words: &[&'a str]) -> Result<&'a str, FilterError> {
        let given = self.literal.text.to_lowercase();
        let given = given.strip_prefix("task_").unwrap_or(&given);
        let given = given
            .strip_prefix(self.field.word())
            .and_then(|given| given.strip_prefix('_'))
            .unwrap_or(given);
        words
            .iter()
            .find(|word| **word == given)
            .copied()
            .ok_or_else(|| self.not_one_of(words))
    }

    fn not_one_of(&self, words: &[&str]) -> FilterError {
        self.error(words.join(", "))
            .suggest(nearest(&self.literal.text, words.iter().copied()))
    }

    fn error(&self, expected: impl std::fmt::Display) -> FilterError {
        FilterError::new(self.position, self.literal, expected)
    }

    fn is_equality(&self) -> bool {
        matches!(
            self.operator,
            Operator::Equal | Operator::NotEqual | Operator::Has
        )
    }

    fn only_equality(&self) -> Result<(), FilterError> {
        if self.is_equality() {
            return Ok(());
        }
        let expected = format!("=, != or : after {}", self.field.word());
        Err(FilterError::new(
            self.operator_position,
            self.operator,
            expected,
        ))
    }

    fn comparison(&self) -> Comparison {
        match self.operator {
            Operator::Less => Comparison::Less,
            Operator::LessOrEqual => Comparison::LessOrEqual,
            Operator::Greater => Comparison::Greater,
            Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
            Operator::Equal | Operator::NotEqual | Operator::Has => Comparison::Equal,
        }
    }
}

/// Reads `+ 7d` or `- 2h`, if that comes next; a minus before anything else turns the next term round.
fn offset(parser: &mut Parser) -> Result<Option<(Offset, usize)>, FilterError> {
    let sign = parser.peek();
    let stretch = parser.peek_after(1);
    let offset = stretch.token.word().and_then(Offset::parse);
    let offset = match (&sign.token, offset) {
        (Token::Plus, Some(offset)) => offset,
        (Token::Minus, Some(offset)) => offset.back(),
        (Token::Plus, None) => {
            return Err(FilterError::new(
                stretch.position,
                &stretch.token,
                A_STRETCH,
            ));
        }
        (Token::Minus, None) if begins_with_digit(&stretch.token) => {
            return Err(FilterError::new(
                stretch.position,
                &stretch.token,
                A_STRETCH,
            ));
        }
        _ => return Ok(None),
    };
    parser.take();
    parser.take();
    Ok(Some((offset, stretch.position)))
}

fn begins_with_digit(token: &Token) -> bool {
    token
        .word()
        .is_some_and(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

/// Returns what is written here for a stretch that stands alone.
fn relative(text: &str) -> Option<&'static str> {
    Offset::parse(text).map(|_| "today + 7d")
}
