use std::ops::Range;

use super::{
    stemmer::Stemmer,
    tokenizer::{Kind, Token, marked, tokenize, unmarked},
};

/// Term of a search as it is looked up: tokens that stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pattern {
    /// Tokens, in order; none if the term has no words, such as "&".
    pub steps: Vec<Step>,
    /// Marked stem of the whole, which a text may have instead: that of a Korean word.
    pub stem: Option<String>,
}

/// Token of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Forms, of which a text has one.
    pub forms: Vec<String>,
    /// True if a form may be the beginning of a token.
    pub is_prefix: bool,
    /// Distance from the position of the step before.
    pub distance: usize,
}

impl Pattern {
    /// Reads a term whose last word is complete.
    pub fn complete(term: &str, stemmer: &Stemmer) -> Self {
        let tokens = wanted(tokenize(term, stemmer));
        let is_korean_word = tokens
            .first()
            .is_some_and(|first| is_character(first) && !first.stems.is_empty())
            && tokens
                .iter()
                .skip(1)
                .all(|token| is_character(token) && token.stems.is_empty());
        let stem = tokens
            .first()
            .filter(|_| is_korean_word)
            .and_then(|first| first.stems.first().cloned());
        Self {
            steps: steps(tokens),
            stem,
        }
    }

    /// Reads a term whose last word may be the beginning of one.
    pub fn unfinished(term: &str, stemmer: &Stemmer) -> Self {
        let mut steps = steps(wanted(tokenize(term, stemmer)));
        if let Some(last) = steps.last_mut() {
            last.forms.truncate(1);
            last.is_prefix = true;
        }
        Self { steps, stem: None }
    }

    /// Returns the only word, if the pattern is one.
    pub fn word(&self) -> Option<&str> {
        match self.steps.as_slice() {
            [step] => step.forms.first().map(String::as_str),
            _ => None,
        }
    }

    /// Returns the parts of a text that match, by its tokens.
    pub fn find(&self, tokens: &[Token]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if self
                .stem
                .as_ref()
                .is_some_and(|stem| token.stems.contains(stem))
            {
                found.push(token.range.clone());
            }
            let Some((first, rest)) = self.steps.split_first() else {
                continue;
            };
            if !first.matches(token) {
                continue;
            }
            let mut position = token.position;
            let others: Option<Vec<_>> = rest
                .iter()
                .map(|step| {
                    position += step.distance;
                    let start = tokens[index..]
                        .iter()
                        .skip_while(|other| other.position < position);
                    let mut here = start.take_while(|other| other.position == position);
                    here.find(|other| step.matches(other))
                        .map(|other| other.range.clone())
                })
                .collect();
            if let Some(others) = others {
                found.push(token.range.clone());
                found.extend(others);
            }
        }
        found
    }
}

impl Step {
    fn matches(&self, token: &Token) -> bool {
        let is_form = |form: &String| {
            token.text == *form
                || token.stems.contains(form)
                || self.is_prefix && token.text.starts_with(form)
        };
        self.forms.iter().any(is_form)
    }
}

/// Returns the tokens that a text must have: of a word with signs only the whole, of characters without spaces the pairs.
fn wanted(tokens: Vec<Token>) -> Vec<Token> {
    let is_wanted = |index: usize, token: &Token| match token.kind {
        Kind::Word => {
            let next = tokens.get(index + 1);
            next.is_none_or(|next| next.kind != Kind::Signed)
        }
        Kind::LastCharacter => {
            let before = index.checked_sub(1).map(|before| &tokens[before]);
            before.is_none_or(|before| before.range.end != token.range.end)
        }
        _ => true,
    };
    let wanted = tokens
        .iter()
        .enumerate()
        .filter(|(index, token)| is_wanted(*index, token));
    wanted.map(|(_, token)| token.clone()).collect()
}

fn steps(tokens: Vec<Token>) -> Vec<Step> {
    let mut position = tokens.first().map_or(0, |first| first.position);
    let mut steps = Vec::new();
    for token in tokens {
        let distance = token.position - position;
        position = token.position;
        // A single character is the first of a pair in most texts.
        let is_prefix = token.kind == Kind::LastCharacter;
        let mut forms = vec![token.text];
        if token.kind == Kind::Word {
            // A word that is its own stem has no other, and other words have it as theirs.
            let stems = match token.stems.is_empty() {
                true => vec![marked(&forms[0])],
                false => token.stems,
            };
            forms.extend(stems.iter().map(|stem| unmarked(stem).to_owned()));
            forms.extend(stems);
            forms.dedup();
        }
        steps.push(Step {
            forms,
            is_prefix,
            distance,
        });
    }
    steps
}

fn is_character(token: &Token) -> bool {
    matches!(token.kind, Kind::Bigram | Kind::LastCharacter)
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
