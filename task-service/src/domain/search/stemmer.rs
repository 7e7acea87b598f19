use snowball_stemmers_rs::Stemmer as Snowball;

use super::language::SearchLanguage;

/// Stemmer of a language, which does nothing in a language without one.
pub struct Stemmer(Option<Snowball>);

impl Stemmer {
    /// Creates the stemmer of a language.
    pub fn new(language: SearchLanguage) -> Self {
        Self(language.algorithm().map(Snowball::create))
    }

    /// Returns the stem of a word in lower case.
    pub fn stem(&self, word: &str) -> Option<String> {
        let snowball = self.0.as_ref()?;
        Some(snowball.stem(word).into_owned())
    }
}
