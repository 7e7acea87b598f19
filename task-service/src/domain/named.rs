//! Categories, tags and saved filters: resources that a user names.

use std::fmt;

use chrono::{DateTime, Utc};
use service_runtime::{ids::UserId, words};
use uuid::Uuid;

use super::{
    Edit, Etag, LabelRef, Name, OperationId,
    filter::{Filter, FilterError},
};

/// Kind of a named resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedKind {
    /// Group of tasks; a task has at most one.
    Category,
    /// Word that tasks carry.
    Tag,
    /// Filter for lists and searches.
    SavedFilter,
}

/// Colour such as `#3366cc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Color(String);

/// Text that is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #3366cc, or empty")]
pub struct InvalidColor;

/// Checked text of a filter, as its user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterText(String);

/// Field that a named resource has besides its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Colour of a category or tag, in which clients show it.
    Color(Option<Color>),
    /// Filter of a saved filter.
    Filter(FilterText),
}

/// Category, tag or saved filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedResource {
    /// Kind.
    pub kind: NamedKind,
    /// Id.
    pub id: Uuid,
    /// Owner.
    pub user_id: UserId,
    /// Name, unique among the resources of this kind that the owner has.
    pub name: Name,
    /// Field besides the name.
    pub content: Content,
    /// One for a new resource, one more with every change.
    pub version: i64,
    /// Operation that last changed it.
    pub operation_id: OperationId,
    /// Time of creation.
    pub create_time: DateTime<Utc>,
    /// Time of the last change.
    pub update_time: DateTime<Utc>,
    /// Time of deletion.
    pub delete_time: Option<DateTime<Utc>>,
}

/// Changes to a named resource.
#[derive(Debug, Clone)]
pub struct NamedChanges {
    /// New name.
    pub name: Edit<Name>,
    /// New content.
    pub content: Edit<Content>,
}

words! { NamedKind { Category = "category", Tag = "tag", SavedFilter = "saved filter" } }

impl fmt::Display for NamedKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl Color {
    /// Parses a colour; an empty text is none.
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
}

impl FilterText {
    /// Checks a filter, which must not be empty. The tags and categories that it names need not exist.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if Filter::parse(text)?.terms().is_empty() {
            return Err(FilterError::new(1, "the end", "a condition"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Content {
    /// Takes the text of a stored resource, which was parsed before.
    pub fn from_stored(kind: NamedKind, text: Option<String>) -> Self {
        match kind {
            NamedKind::Category | NamedKind::Tag => Self::Color(text.map(Color)),
            NamedKind::SavedFilter => Self::Filter(FilterText(text.unwrap_or_default())),
        }
    }

    /// Returns its text; none for a resource without a colour.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Color(color) => color.as_ref().map(|color| color.0.as_str()),
            Self::Filter(filter) => Some(&filter.0),
        }
    }
}

impl NamedResource {
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

    /// Returns the resource as the next version of itself, made by an operation.
    pub fn next_version(self, operation_id: OperationId, now: DateTime<Utc>) -> Self {
        Self {
            version: self.version + 1,
            operation_id,
            update_time: now,
            ..self
        }
    }
}

impl NamedChanges {
    /// Returns the resource after the changes.
    pub fn apply(&self, current: &NamedResource) -> NamedResource {
        NamedResource {
            name: self.name.over(&current.name),
            content: self.content.over(&current.content),
            ..current.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_has_six_hexadecimal_digits() {
        let color = |text| Color::parse(text).map(|color| color.map(|color| color.0));
        assert_eq!(color("#3366CC"), Ok(Some("#3366cc".to_owned())));
        assert_eq!(color(""), Ok(None));
        for wrong in ["3366cc", "#36c", "#3366cg", "#3366cc ", "red", "#ééé"] {
            assert_eq!(color(wrong), Err(InvalidColor), "{wrong}");
        }
    }
}
