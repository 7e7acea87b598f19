use std::{collections::BTreeSet, fmt::Write};

use service_runtime::ids::UserId;
use uuid::Uuid;

use super::tsquery::{TsQuery, UserKey};
use crate::domain::search::{Kind, Stemmer, VOCABULARY_LENGTHS, tokenize};

/// Greatest position of a token in a `tsvector`.
const MAX_POSITION: usize = 16_383;

/// Distance between the positions of the title and of the description, so that no phrase begins in one and ends in the other.
const GAP: usize = 100;

/// Tokens of tasks of one user.
pub struct Document {
    key: UserKey,
    stemmer: Stemmer,
    /// Words of all tasks for the vocabulary.
    pub words: BTreeSet<String>,
}

/// Stands in the vocabulary of a user whose texts have words that are too long for it: it is no word itself.
pub const LONGER_WORDS: &str = "+";

impl Document {
    /// Begins with the documents of a user.
    pub fn new(user_id: &UserId, stemmer: Stemmer) -> Self {
        Self {
            key: UserKey::of(user_id),
            stemmer,
            words: BTreeSet::new(),
        }
    }

    /// Writes a task as a `tsvector`: its title with weight A, its description with D.
    pub fn write(&mut self, title: &str, description: &str) -> String {
        let mut written = String::with_capacity(16 * (title.len() + description.len()) / 4);
        let end = self.write_text(&mut written, title, 0, "A");
        self.write_text(&mut written, description, end + GAP, "");
        written
    }

    fn write_text(
        &mut self,
        written: &mut String,
        text: &str,
        start: usize,
        weight: &str,
    ) -> usize {
        let mut end = start;
        for token in tokenize(text, &self.stemmer) {
            end = start + token.position;
            let position = end.min(MAX_POSITION);
            for form in token.stems.iter().chain([&token.text]) {
                // Writing to a text cannot fail.
                let _ = write!(written, "{}:{position}{weight} ", self.key.quoted(form));
            }
            if token.kind == Kind::Word {
                if VOCABULARY_LENGTHS.contains(&token.text.len()) {
                    self.words.insert(token.text);
                } else if token.text.len() > *VOCABULARY_LENGTHS.end() {
                    self.words.insert(LONGER_WORDS.to_owned());
                }
            }
        }
        end
    }
}

/// Returns the condition that a document has a category or tag, which needs no key of a user because its id is unique.
pub fn label_token(id: Uuid) -> TsQuery {
    TsQuery::token(format!("'#{}'", id.simple()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SearchLanguage;

    fn document() -> Document {
        let stemmer = Stemmer::new(SearchLanguage::default());
        Document::new(&"anna".parse().unwrap(), stemmer)
    }

    #[test]
    fn title_and_description_have_weights_and_gap() {
        let mut document = document();
        let key = UserKey::of(&"anna".parse().unwrap());
        let [pay, bills, bill] = ["pay", "bills", "~bill"].map(|token| key.quoted(token));
        assert_eq!(
            document.write("Pay", "bills"),
            format!("{pay}:2A {bill}:104 {bills}:104 ")
        );
        assert_eq!(
            document.words,
            BTreeSet::from(["bills".to_owned(), "pay".to_owned()])
        );
    }

    #[test]
    fn long_texts_stay_within_limits() {
        let mut document = document();
        let written = document.write(&"x".repeat(500), &"a ".repeat(10_000));
        assert!(document.words.contains(LONGER_WORDS));
        assert_eq!(document.words.len(), 1);
        let written = document.write("", &"买".repeat(20_000)) + &written;
        let positions = written
            .split(' ')
            .filter_map(|token| token.rsplit_once(':'));
        let positions =
            positions.map(|(_, position)| position.trim_end_matches('A').parse::<usize>().unwrap());
        assert_eq!(positions.max(), Some(MAX_POSITION));
    }
}
