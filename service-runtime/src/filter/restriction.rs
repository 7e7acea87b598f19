//! Restriction: a field, an operator and a value that fit together.

use super::{
    Comparison, Expression, Field, FilterError, Kind, Moment, Name, Pattern, Test,
    cursor::Cursor,
    moment::Offset,
    token::{Literal, Operator, Placed, Token},
    unknown_field::unknown_field,
};
use crate::suggestion::nearest;

const BOOLEANS: [&str; 2] = ["true", "false"];
const RELATIVE: [&str; 4] = ["today", "tomorrow", "yesterday", "now"];
const A_MOMENT: &str = "a date such as 2026-12-01, an RFC 3339 time, or today, tomorrow, yesterday or now, with + 7d or - 2h if need be";
const AN_INSTANT: &str = "an RFC 3339 time with its offset, such as \"2026-12-01T09:00:00+01:00\"";
const A_DURATION: &str = "a duration such as 7d: m, h, d, w, mo or y";

/// Parses one restriction.
pub fn restriction<F: Field>(cursor: &mut Cursor) -> Result<Expression<F>, FilterError> {
    let subject = cursor.take();
    let field = subject
        .token
        .word()
        .and_then(F::from_word)
        .ok_or_else(|| unknown_field::<F>(subject, cursor.peek()))?;
    let next = cursor.peek();
    let Token::Operator(operator) = next.token else {
        if field.kind() == Kind::Flag {
            return Ok(Expression::Test(Test::Flag(field)));
        }
        let expected = format!("an operator after {}: {}", field.word(), field.example());
        return Err(FilterError::new(next.position, &next.token, expected));
    };
    let operator_position = cursor.take().position;
    let value = cursor.take();
    let Token::Text(literal) = &value.token else {
        let expected = format!("a value: {}", field.example());
        return Err(FilterError::new(value.position, &value.token, expected));
    };
    let restriction = Restriction {
        field,
        operator,
        operator_position,
        literal,
        position: value.position,
    };
    let expression = restriction.expression(cursor)?;
    Ok(if operator == Operator::NotEqual {
        Expression::Not(Box::new(expression))
    } else {
        expression
    })
}

struct Restriction<'a, F> {
    field: F,
    operator: Operator,
    operator_position: usize,
    literal: &'a Literal,
    position: usize,
}

impl<F: Field> Restriction<'_, F> {
    /// Parses the value; `!=` counts as `=`.
    fn expression(&self, cursor: &mut Cursor) -> Result<Expression<F>, FilterError> {
        let is_star = !self.literal.is_quoted && self.literal.text == "*";
        let kind = self.field.kind();
        let test = match kind {
            Kind::Flag => {
                self.only_equality()?;
                let test = Expression::Test(Test::Flag(self.field));
                return Ok(match self.one_of(&BOOLEANS)? {
                    0 => test,
                    _ => Expression::Not(Box::new(test)),
                });
            }
            _ if is_star && self.is_equality() => Test::Present(self.field),
            Kind::Text => self.text()?,
            Kind::Choice { words, is_ordered } => {
                if !is_ordered {
                    self.only_equality()?;
                }
                Test::Choice(self.field, self.comparison(), self.one_of(words)?)
            }
            Kind::Time => self.time(cursor)?,
            Kind::Instant => Moment::parse(&self.literal.text)
                .filter(Moment::is_instant)
                .map(|moment| Test::Time(self.field, self.comparison(), moment))
                .ok_or_else(|| self.error(AN_INSTANT))?,
            Kind::Name => self.name()?,
            Kind::Id => {
                self.only_equality()?;
                let id = self.literal.text.parse();
                let id = id.map_err(|_| self.error(format!("a UUID: {}", self.field.example())))?;
                Test::Id(self.field, id)
            }
        };
        Ok(Expression::Test(test))
    }

    fn text(&self) -> Result<Test<F>, FilterError> {
        let pattern = match self.operator {
            Operator::Has => Pattern::contained(self.literal),
            _ => {
                self.only_equality()?;
                Pattern::equal(self.literal, self.position)?
            }
        };
        Ok(Test::Text(self.field, pattern))
    }

    fn name(&self) -> Result<Test<F>, FilterError> {
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
        Ok(Test::Name(self.field, name))
    }

    fn time(&self, cursor: &mut Cursor) -> Result<Test<F>, FilterError> {
        let text = self.literal.text.as_str();
        // Without spaces, `today-7d` is one word.
        let (anchor, back) = match text.split_once('-') {
            Some((anchor, back)) if RELATIVE.contains(&anchor) => (anchor, Some(back)),
            _ => (text, None),
        };
        let mut moment = Moment::parse(anchor).ok_or_else(|| {
            let duration = Offset::parse(text).map(|_| "today + 7d");
            self.error(A_MOMENT)
                .suggest(nearest(text, RELATIVE).or(duration))
        })?;
        if let Some(back) = back {
            let offset = Offset::parse(back).ok_or_else(|| self.error(A_DURATION))?;
            moment = moment
                .moved(offset.back())
                .ok_or_else(|| self.error(A_MOMENT))?;
        }
        while let Some((offset, position)) = offset(cursor)? {
            moment = moment.moved(offset).ok_or_else(|| {
                FilterError::new(position, "one duration more", "the sum of the durations")
            })?;
        }
        Ok(Test::Time(self.field, self.comparison(), moment))
    }

    /// Returns the index of the value among some words, ignoring case and the field's name before it: `PRIORITY_HIGH` is `high`.
    fn one_of(&self, words: &[&str]) -> Result<usize, FilterError> {
        let given = self.literal.text.to_lowercase();
        let prefix = format!("{}_", self.field.word());
        let is_given = |word: &&str| {
            let before = given.strip_suffix(word);
            before.is_some_and(|before| before.is_empty() || before.ends_with(&prefix))
        };
        words.iter().position(is_given).ok_or_else(|| {
            let suggestion = nearest(&self.literal.text, words.iter().copied());
            self.error(words.join(", ")).suggest(suggestion)
        })
    }

    fn error(&self, expected: impl std::fmt::Display) -> FilterError {
        FilterError::new(self.position, self.literal, expected)
    }

    fn is_equality(&self) -> bool {
        self.comparison() == Comparison::Equal
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

/// Parses `+ 7d` or `- 2h` if it comes next; a minus before anything else negates the next term.
fn offset(cursor: &mut Cursor) -> Result<Option<(Offset, usize)>, FilterError> {
    let (sign, duration) = (cursor.peek(), cursor.peek_after(1));
    let offset = duration.token.word().and_then(Offset::parse);
    let offset = match (&sign.token, offset) {
        (Token::Plus, Some(offset)) => offset,
        (Token::Minus, Some(offset)) => offset.back(),
        (Token::Plus, None) => return Err(no_duration(duration)),
        (Token::Minus, None) if begins_with_digit(&duration.token) => {
            return Err(no_duration(duration));
        }
        _ => return Ok(None),
    };
    cursor.take();
    cursor.take();
    Ok(Some((offset, duration.position)))
}

fn no_duration(found: &Placed) -> FilterError {
    FilterError::new(found.position, &found.token, A_DURATION)
}

fn begins_with_digit(token: &Token) -> bool {
    token
        .word()
        .is_some_and(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}
