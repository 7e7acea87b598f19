use chrono::{DateTime, Utc};

use super::{Edit, Etag, OperationId, TimeZone, search::SearchLanguage};

/// Settings of a user, which decide how dates and search words are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Time zone of the user.
    pub time_zone: TimeZone,
    /// The language whose word forms searches understand.
    pub search_language: SearchLanguage,
    /// None for a user who never changed anything, one more with every change.
    pub version: i64,
    /// The operation that last changed them.
    pub operation_id: Option<OperationId>,
    /// When they last changed.
    pub update_time: Option<DateTime<Utc>>,
}

/// Changes to a user's settings; none stands for the default.
#[derive(Debug, Clone, Default)]
pub struct SettingsChanges {
    /// Time zone of the user.
    pub time_zone: Edit<Option<TimeZone>>,
    /// The language whose word forms searches understand.
    pub search_language: Edit<Option<SearchLanguage>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::utc(),
            search_language: SearchLanguage::default(),
            version: 0,
            operation_id: None,
            update_time: None,
        }
    }
}

impl Settings {
    /// Returns the text that changes with every version.
    pub fn etag(&self) -> Etag {
        Etag::of_version(self.version)
    }
}

impl SettingsChanges {
    /// Returns the settings after the changes.
    pub fn apply(&self, current: &Settings) -> Settings {
        let time_zone = self.time_zone.over(&Some(current.time_zone.clone()));
        let search_language = self.search_language.over(&Some(current.search_language));
        Settings {
            time_zone: time_zone.unwrap_or_else(TimeZone::utc),
            search_language: search_language.unwrap_or_default(),
            ..current.clone()
        }
    }
}
