use openssl::{base64, sha::sha256};
use service_runtime::ids::UserId;

use crate::domain::search::Pattern;

/// Length of a key. Of 16 million keys some users have the same one, which costs them time only: rows are compared by the user as well.
const KEY_LENGTH: usize = 4;

/// Beginning of all tokens of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserKey(String);

/// Condition on a document, in the syntax of `tsquery`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TsQuery(String);

/// Conditions that decide how good a match is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// Condition of all matches.
    pub all: TsQuery,
    /// Condition of those with all words in the title.
    pub title: TsQuery,
    /// Condition of those with a word in the title.
    pub partly_title: TsQuery,
    /// Condition of those with a label of such a name; none if there is no label.
    pub label: Option<TsQuery>,
}

impl UserKey {
    /// Returns the key of a user.
    pub fn of(user_id: &UserId) -> Self {
        let hash = sha256(user_id.as_ref().as_bytes());
        let mut key = base64::encode_block(&hash);
        key.truncate(KEY_LENGTH);
        Self(key)
    }

    /// Returns a token of the user in the syntax of `tsvector` and `tsquery`.
    pub fn quoted(&self, token: &str) -> String {
        format!(
            "'{}{}'",
            self.0,
            token.replace('\\', "\\\\").replace('\'', "''")
        )
    }

    /// Returns the condition that a document has a pattern, or one with weight A; none for a pattern without tokens.
    pub fn pattern(&self, pattern: &Pattern, in_title: bool) -> Option<TsQuery> {
        let weight = if in_title { "A" } else { "" };
        let mut phrase = String::new();
        for step in &pattern.steps {
            if !phrase.is_empty() {
                phrase.push_str(&format!(" <{}> ", step.distance));
            }
            let prefix = if step.is_prefix { "*" } else { "" };
            let forms = step.forms.iter().map(|form| match (prefix, weight) {
                ("", "") => self.quoted(form),
                _ => format!("{}:{prefix}{weight}", self.quoted(form)),
            });
            phrase.push_str(&TsQuery::one_of(forms.collect()).0);
        }
        if phrase.is_empty() {
            return None;
        }
        let stem = pattern
            .stem
            .as_ref()
            .map(|stem| format!("{}:{weight}", self.quoted(stem)));
        Some(TsQuery::one_of([phrase].into_iter().chain(stem).collect()))
    }
}

impl TsQuery {
    /// Joins conditions of which one must hold; there must be at least one.
    pub fn any(queries: impl IntoIterator<Item = Self>) -> Self {
        Self::one_of(queries.into_iter().map(|query| query.0).collect())
    }

    /// Joins conditions that must hold and others that must not.
    pub fn all(
        wanted: impl IntoIterator<Item = Self>,
        unwanted: impl IntoIterator<Item = Self>,
    ) -> Self {
        let wanted = wanted.into_iter().map(|query| query.0);
        let unwanted = unwanted.into_iter().map(|query| format!("!({})", query.0));
        Self::joined(wanted.chain(unwanted).collect(), " & ")
    }

    /// Returns the condition that a document has a token that is quoted as [`UserKey::quoted`] does.
    pub fn token(quoted: String) -> Self {
        Self(quoted)
    }

    fn one_of(alternatives: Vec<String>) -> Self {
        Self::joined(alternatives, " | ")
    }

    fn joined(parts: Vec<String>, operator: &str) -> Self {
        match parts.as_slice() {
            [only] => Self(only.clone()),
            _ => Self(format!("({})", parts.join(operator))),
        }
    }
}

impl AsRef<str> for TsQuery {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SearchLanguage, search::Stemmer};

    fn key() -> UserKey {
        UserKey("k".to_owned())
    }

    #[test]
    fn patterns_become_phrases_of_forms() {
        let stemmer = Stemmer::new(SearchLanguage::default());
        let complete = |term: &str, in_title| {
            key()
                .pattern(&Pattern::complete(term, &stemmer), in_title)
                .unwrap()
                .0
        };
        assert_eq!(complete("run", false), "('krun' | 'k~run')");
        assert_eq!(
            complete("invoices", true),
            "('kinvoices':A | 'kinvoic':A | 'k~invoic':A)"
        );
        assert_eq!(complete("买牛奶", false), "'k买牛' <1> 'k牛奶'");
        assert_eq!(complete("우유", true), "('k우유':A | 'k~우유':A)");
        assert_eq!(complete("c++ 🎉", false), "'kc++' <0> 'k🎉'");
        let unfinished = Pattern::unfinished("o'bri", &stemmer);
        let unfinished = key().pattern(&unfinished, false).unwrap().0;
        assert_eq!(unfinished, "('ko' | 'k~o') <1> 'kbri':*");
        assert_eq!(
            key().pattern(&Pattern::complete("&", &stemmer), false),
            None
        );
    }

    #[test]
    fn signs_are_quoted() {
        assert_eq!(key().quoted("it's \\"), "'kit''s \\\\'");
    }

    #[test]
    fn conditions_are_joined() {
        let [a, b, c] = ["a", "b", "c"].map(|token| TsQuery::token(key().quoted(token)));
        assert_eq!(TsQuery::all([a.clone()], []), a);
        assert_eq!(
            TsQuery::all([TsQuery::any([a, b])], [c]).0,
            "(('ka' | 'kb') & !('kc'))"
        );
    }

    #[test]
    fn users_have_different_keys() {
        let [anna, bob] = ["anna", "bob"].map(|user| UserKey::of(&user.parse().unwrap()));
        assert_ne!(anna, bob);
        assert_eq!(anna.0.len(), KEY_LENGTH);
    }
}
