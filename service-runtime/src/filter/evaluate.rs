use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Comparison, Expression, Field, Filter, NameKey, Now, Point, Test};

/// Record whose fields a filter compares in memory.
pub trait Record<F> {
    /// Returns the value of a field at a time.
    fn value(&self, field: F, now: &Now) -> Value<'_>;
}

/// Value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// No value.
    Missing,
    /// Text; an empty one counts as missing where presence is asked for.
    Text(&'a str),
    /// Index of a word.
    Choice(usize),
    /// Time.
    Time(DateTime<Utc>),
    /// Date without a time.
    Date(NaiveDate),
    /// Names.
    Names(&'a [String]),
    /// Id.
    Id(Uuid),
    /// Flag.
    Flag(bool),
}

impl<F: Field> Filter<F> {
    /// Returns whether a record matches at a time.
    pub fn matches(&self, record: &impl Record<F>, now: &Now) -> bool {
        self.terms().iter().all(|term| term.matches(record, now))
    }
}

impl<F: Field> Expression<F> {
    fn matches(&self, record: &impl Record<F>, now: &Now) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(record, now)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(record, now)),
            Self::Not(part) => !part.matches(record, now),
            Self::Test(test) => test.matches(record.value(test.field(), now), now),
        }
    }
}

impl<F: Field> Test<F> {
    fn matches(&self, value: Value, now: &Now) -> bool {
        match (self, value) {
            (Self::Text(_, pattern), Value::Text(text)) => pattern.matches(text),
            (Self::Choice(_, comparison, other), Value::Choice(index)) => {
                comparison.holds(index, *other)
            }
            (Self::Time(_, comparison, moment), value) => {
                value.compares(*comparison, moment.resolve(now))
            }
            (Self::Name(_, name), Value::Names(names)) => {
                let key = name.key();
                names.iter().any(|other| NameKey::of(other) == key)
            }
            (Self::Id(_, id), Value::Id(other)) => *id == other,
            (Self::Flag(_), Value::Flag(is_set)) => is_set,
            (Self::Present(_), value) => value.is_present(),
            _ => false,
        }
    }
}

impl Value<'_> {
    /// Returns whether the comparison with a point in time holds: a date is compared with the point's date.
    pub fn compares(self, comparison: Comparison, point: Point) -> bool {
        match self {
            Self::Date(date) => comparison.holds(date, point.date()),
            Self::Time(time) => point
                .bounds(comparison)
                .into_iter()
                .all(|(comparison, bound)| comparison.holds(time, bound)),
            _ => false,
        }
    }

    fn is_present(self) -> bool {
        match self {
            Self::Missing => false,
            Self::Text(text) => !text.is_empty(),
            Self::Names(names) => !names.is_empty(),
            _ => true,
        }
    }
}
