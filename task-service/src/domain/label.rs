use std::fmt;

use chrono::{DateTime, Utc};
use service_runtime::ids::UserId;
use uuid::Uuid;

use super::{Edit, Etag, LabelRef, Name, OperationId};

/// What tasks are organised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelKind {
    /// A group that a task is in.
    Category,
    /// A word that tasks carry.
    Tag,
}

/// A colour such as `#3366cc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Color(String);

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #3366cc, or empty")]
pub struct InvalidColor;

/// A category or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Which of both.
    pub kind: LabelKind,
    /// Identifies it.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: UserId,
    /// What people call it.
    pub name: Name,
    /// The colour in which clients show it.
    pub color: Option<Color>,
    /// One for a new one, one more with every change.
    pub version: i64,
    /// The operation that last changed it.
    pub operation_id: OperationId,
    /// When it was created.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// When it was deleted.
    pub delete_time: Option<DateTime<Utc>>,
}

/// Changes to a category or a tag.
#[derive(Debug, Clone, Default)]
pub struct LabelChanges {
    /// What people call it.
    pub name: Edit<Name>,
    /// The colour in which clients show it.
    pub color: Edit<Option<Color>>,
}

impl LabelKind {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Tag => "tag",
        }
    }
}

impl fmt::Display for LabelKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl Color {
    /// Reads a colour; none from an empty text.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidColor> {
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.strip_prefix('#').ok_or(InvalidColor)?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if digits.len() != 6 || !is_hex {
            return Err(InvalidColor);
        }
        Ok(Some(Self(text.to_ascii_lowercase())))
    }

    /// Takes a colour that was parsed before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl AsRef<str> for Color {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Label {
    /// Returns the text that changes with every version.
    pub fn etag(&self) -> Etag {
        Etag::of_version(self.version)
    }

    /// Returns it as tasks show it.
    pub fn reference<I: From<Uuid>>(&self) -> LabelRef<I> {
        LabelRef {
            id: self.id.into(),
            name: self.name.to_string(),
        }
    }

    /// Returns it as the next version of itself, made by an operation.
    pub fn next_version(self, operation_id: OperationId, now: DateTime<Utc>) -> Self {
        Self {
            version: self.version + 1,
            operation_id,
            update_time: now,
            ..self
        }
    }
}

impl LabelChanges {
    /// Returns the label after the changes.
    pub fn apply(&self, current: &Label) -> Label {
        Label {
            name: self.name.over(&current.name),
            color: self.color.over(&current.color),
            ..current.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_six_hexadecimal_digits() {
        let color = |text| Color::parse(text).map(|color| color.map(|color| color.0));
        assert_eq!(color("#3366CC"), Ok(Some("#3366cc".to_owned())));
        assert_eq!(color(""), Ok(None));
        for wrong in ["3366cc", "#36c", "#3366cg", "#3366cc ", "red", "#ééé"] {
            assert_eq!(color(wrong), Err(InvalidColor), "{wrong}");
        }
    }
}
