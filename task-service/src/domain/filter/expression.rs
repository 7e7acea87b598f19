use uuid::Uuid;

use super::{Field, Moment, Pattern};
use crate::domain::{NameKey, Priority};

/// A condition that a task meets or does not meet; there is no third.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// All of these.
    All(Vec<Expression>),
    /// At least one of these.
    Any(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// A single test.
    Test(Test),
}

/// A question about one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Whether a text is or contains this.
    Text(TextField, Pattern),
    /// How the priority compares.
    Priority(Comparison, Priority),
    /// Whether the task is completed, or else open.
    Completed(bool),
    /// How a time compares.
    Time(TimeField, Comparison, Moment),
    /// Whether the task has a tag or category of this name.
    Named(NameKind, Name),
    /// Whether it is a part of this task.
    Parent(Uuid),
    /// Whether it is what the word says.
    Flag(Flag),
    /// Whether the field has any value.
    Present(Field),
}

/// How a value stands to the one that it is compared with; `!=` is the negation of `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Before it.
    Less,
    /// Before it, or the same.
    LessOrEqual,
    /// After it.
    Greater,
    /// After it, or the same.
    GreaterOrEqual,
}

/// A field of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// The title.
    Title,
    /// The description.
    Description,
}

/// A field that is a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    /// When it should be done: a date or a time.
    Due,
    /// When lists begin to show it.
    Start,
    /// When it was created.
    Create,
    /// When it last changed.
    Update,
    /// When it was completed.
    Complete,
}

/// What has a name of the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A tag.
    Tag,
    /// A category.
    Category,
}

/// A name that the user gave something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As it is written in the filter.
    pub given: String,
    /// Where it stands there, from 1.
    pub position: usize,
}

/// What a task may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// It belongs to a series.
    Recurring,
    /// It depends on a task that is still open.
    Blocked,
    /// It is open, and its due date or time is over.
    Overdue,
    /// There are no reminders of it.
    Muted,
}

impl Expression {
    /// Returns all single tests in it.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            loop {
                match waiting.pop()? {
                    Self::All(parts) | Self::Any(parts) => waiting.extend(parts.iter().rev()),
                    Self::Not(part) => waiting.push(part),
                    Self::Test(test) => return Some(test),
                }
            }
        })
    }
}

impl Test {
    /// Returns the field that it is about.
    pub fn field(&self) -> Field {
        match self {
            Self::Text(TextField::Title, _) => Field::Title,
            Self::Text(TextField::Description, _) => Field::Description,
            Self::Priority(..) => Field::Priority,
            Self::Completed(_) => Field::State,
            Self::Time(field, ..) => (*field).into(),
            Self::Named(NameKind::Tag, _) => Field::Tag,
            Self::Named(NameKind::Category, _) => Field::Category,
            Self::Parent(_) => Field::Parent,
            Self::Flag(Flag::Recurring) => Field::Recurring,
            Self::Flag(Flag::Blocked) => Field::Blocked,
            Self::Flag(Flag::Overdue) => Field::Overdue,
            Self::Flag(Flag::Muted) => Field::Muted,
            Self::Present(field) => *field,
        }
    }
}

impl From<TimeField> for Field {
    fn from(field: TimeField) -> Self {
        match field {
            TimeField::Due => Self::Due,
            TimeField::Start => Self::Start,
            TimeField::Create => Self::Create,
            TimeField::Update => Self::Update,
            TimeField::Complete => Self::Complete,
        }
    }
}

impl Comparison {
    /// Returns whether it holds for nothing that is far below the other value.
    pub fn is_bounded_below(self) -> bool {
        matches!(self, Self::Equal | Self::Greater | Self::GreaterOrEqual)
    }

    /// Returns whether it holds for nothing that is far above the other value.
    pub fn is_bounded_above(self) -> bool {
        matches!(self, Self::Equal | Self::Less | Self::LessOrEqual)
    }

    /// Returns whether two values stand to each other like this.
    pub fn holds<T: Ord>(self, one: T, other: T) -> bool {
        match self {
            Self::Equal => one == other,
            Self::Less => one < other,
            Self::LessOrEqual => one <= other,
            Self::Greater => one > other,
            Self::GreaterOrEqual => one >= other,
        }
    }
}

impl Name {
    /// Returns the name as it is compared.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.given)
    }
}
