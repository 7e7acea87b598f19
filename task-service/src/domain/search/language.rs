use service_runtime::suggestion::nearest;
use snowball_stemmers_rs::Algorithm;

/// Languages of the Snowball stemmers that PostgreSQL 15 has as well.
const STEMMED: [(&str, Algorithm); 28] = [
    ("arabic", Algorithm::Arabic),
    ("armenian", Algorithm::Armenian),
    ("basque", Algorithm::Basque),
    ("catalan", Algorithm::Catalan),
    ("danish", Algorithm::Danish),
    ("dutch", Algorithm::Dutch),
    ("english", Algorithm::English),
    ("finnish", Algorithm::Finnish),
    ("french", Algorithm::French),
    ("german", Algorithm::German),
    ("greek", Algorithm::Greek),
    ("hindi", Algorithm::Hindi),
    ("hungarian", Algorithm::Hungarian),
    ("indonesian", Algorithm::Indonesian),
    ("irish", Algorithm::Irish),
    ("italian", Algorithm::Italian),
    ("lithuanian", Algorithm::Lithuanian),
    ("nepali", Algorithm::Nepali),
    ("norwegian", Algorithm::Norwegian),
    ("portuguese", Algorithm::Portuguese),
    ("romanian", Algorithm::Romanian),
    ("russian", Algorithm::Russian),
    ("serbian", Algorithm::Serbian),
    ("spanish", Algorithm::Spanish),
    ("swedish", Algorithm::Swedish),
    ("tamil", Algorithm::Tamil),
    ("turkish", Algorithm::Turkish),
    ("yiddish", Algorithm::Yiddish),
];
/// Language of texts that are not stemmed.
const UNSTEMMED: &str = "simple";

/// A language that has a stemmer, or `simple` for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchLanguage(&'static str);

/// A language that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a language of searches{suggestion}; use simple for all others")]
pub struct UnknownLanguage {
    suggestion: String,
}

impl SearchLanguage {
    /// Looks a language up by its name.
    pub fn parse(name: &str) -> Result<Self, UnknownLanguage> {
        let known = names().find(|known| *known == name);
        known.map(Self).ok_or_else(|| UnknownLanguage {
            suggestion: nearest(name, names())
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default(),
        })
    }

    /// Returns the algorithm of its stemmer, if it has one.
    pub(super) fn algorithm(self) -> Option<Algorithm> {
        let known = STEMMED.into_iter().find(|(name, _)| *name == self.0);
        known.map(|(_, algorithm)| algorithm)
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    [UNSTEMMED].into_iter().chain(STEMMED.map(|(name, _)| name))
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
