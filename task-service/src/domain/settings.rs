use chrono::{DateTime, Utc};

use super::{Edit, Etag, OperationId, TimeZone, nearest};

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

/// A language that has a stemmer, or `simple` for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchLanguage(&'static str);

/// A language that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a language of searches{suggestion}; use simple for all others")]
pub struct UnknownLanguage {
    suggestion: String,
}

/// Changes to a user's settings; none stands for the default.
#[derive(Debug, Clone, Default)]
pub struct SettingsChanges {
    /// Time zone of the user.
    pub time_zone: Edit<Option<TimeZone>>,
    /// The language whose word forms searches understand.
    pub search_language: Edit<Option<SearchLanguage>>,
}

/// Languages of the Snowball stemmers that PostgreSQL 15 has as well.
const LANGUAGES: [&str; 29] = [
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

impl SearchLanguage {
    /// Looks a language up by its name.
    pub fn parse(name: &str) -> Result<Self, UnknownLanguage> {
        let known = LANGUAGES.into_iter().find(|known| *known == name);
        known.map(Self).ok_or_else(|| UnknownLanguage {
            suggestion: nearest(name, LANGUAGES)
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default(),
        })
    }

    /// Returns all languages.
    #[cfg(test)]
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.into_iter().map(Self)
    }
}

impl AsRef<str> for SearchLanguage {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl Default for SearchLanguage {
    fn default() -> Self {
        Self("english")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_language_brings_a_suggestion() {
        assert_eq!(SearchLanguage::parse("german").unwrap().as_ref(), "german");
        let error = SearchLanguage::parse("germann").unwrap_err().to_string();
        assert!(error.contains("did you mean german?"), "{error}");
        assert!(SearchLanguage::parse("").is_err());
    }
}
