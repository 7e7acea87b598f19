use snowball_stemmers_rs::{Algorithm, Stemmer as Snowball};

use super::super::SearchLanguage;

/// Stemmer of a language, which does nothing in a language without one.
pub struct Stemmer(Option<Snowball>);

impl Stemmer {
    /// Creates the stemmer of a language.
    pub fn new(language: SearchLanguage) -> Self {
        let algorithm = match language.as_ref() {
            "arabic" => Algorithm::Arabic,
            "armenian" => Algorithm::Armenian,
            "basque" => Algorithm::Basque,
            "catalan" => Algorithm::Catalan,
            "danish" => Algorithm::Danish,
            "dutch" => Algorithm::Dutch,
            "english" => Algorithm::English,
            "finnish" => Algorithm::Finnish,
            "french" => Algorithm::French,
            "german" => Algorithm::German,
            "greek" => Algorithm::Greek,
            "hindi" => Algorithm::Hindi,
            "hungarian" => Algorithm::Hungarian,
            "indonesian" => Algorithm::Indonesian,
            "irish" => Algorithm::Irish,
            "italian" => Algorithm::Italian,
            "lithuanian" => Algorithm::Lithuanian,
            "nepali" => Algorithm::Nepali,
            "norwegian" => Algorithm::Norwegian,
            "portuguese" => Algorithm::Portuguese,
            "romanian" => Algorithm::Romanian,
            "russian" => Algorithm::Russian,
            "serbian" => Algorithm::Serbian,
            "spanish" => Algorithm::Spanish,
            "swedish" => Algorithm::Swedish,
            "tamil" => Algorithm::Tamil,
            "turkish" => Algorithm::Turkish,
            "yiddish" => Algorithm::Yiddish,
            _ => return Self(None),
        };
        Self(Some(Snowball::create(algorithm)))
    }

    /// Returns the stem of a word in lower case.
    pub fn stem(&self, word: &str) -> Option<String> {
        let snowball = self.0.as_ref()?;
        Some(snowball.stem(word).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_but_simple_has_stemmer() {
        for language in SearchLanguage::all() {
            let stemmer = Stemmer::new(language);
            assert_eq!(
                stemmer.0.is_none(),
                language.as_ref() == "simple",
                "{language:?}"
            );
        }
    }
}
