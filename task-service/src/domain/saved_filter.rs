use std::fmt;

use chrono::{DateTime, Utc};
use service_runtime::ids::UserId;

use super::{
    Edit, Etag, Name, OperationId, SavedFilterId,
    filter::{Filter, FilterError},
};

/// The text of a filter that was checked, as its user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterText(String);

/// A filter that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// Identifies it.
    pub id: SavedFilterId,
    /// Whose it is.
    pub user_id: UserId,
    /// What people call it.
    pub name: Name,
    /// What it says.
    pub filter: FilterText,
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

/// Changes to a saved filter.
#[derive(Debug, Clone, Default)]
pub struct SavedFilterChanges {
    /// What people call it.
    pub name: Edit<Name>,
    /// What it says.
    pub filter: Edit<FilterText>,
}

impl FilterText {
    /// Checks a filter, which must not be empty. The tags and categories that it names need not exist.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if Filter::parse(text)?.terms().is_empty() {
            return Err(FilterError::new(1, "the end", "a condition"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a text that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Reads the filter.
    pub fn filter(&self) -> Result<Filter, FilterError> {
        Filter::parse(&self.0)
    }
}

impl AsRef<str> for FilterText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FilterText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl SavedFilter {
    /// Returns the text that changes with every version.
    pub fn etag(&self) -> Etag {
        Etag::of_version(self.version)
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

impl SavedFilterChanges {
    /// Returns the saved filter after the changes.
    pub fn apply(&self, current: &SavedFilter) -> SavedFilter {
        SavedFilter {
            name: self.name.over(&current.name),
            filter: self.filter.over(&current.filter),
            ..current.clone()
        }
    }
}
