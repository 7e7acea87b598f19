use std::{collections::BTreeSet, ops::Range};

use service_runtime::filter::fold;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    script::{Class, without_particle},
    stemmer::Stemmer,
};

/// Mark before a stem, which no token of another kind begins with.
const STEM: &str = "~";

/// Maximum length of a token in bytes; a longer one is cut.
const MAX_TOKEN: usize = 250;

/// Maximum number of signs that belong to a word.
const MAX_SIGNS: usize = 3;

/// Token of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Text in the form in which texts are compared.
    pub text: String,
    /// Marked stems of the text.
    pub stems: Vec<String>,
    /// Kind.
    pub kind: Kind,
    /// Position, counted from 1; a symbol or a word with signs is at the position of the word before it or in it.
    pub position: usize,
    /// Bytes of the text from which it comes.
    pub range: Range<usize>,
}

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Word.
    Word,
    /// Word with the signs around it that carry meaning: C++, C#, .NET.
    Signed,
    /// Emoji or other symbol.
    Symbol,
    /// Two characters of a script without spaces, or two Korean syllables.
    Bigram,
    /// Last character of a script without spaces, or last syllable, in a row of them.
    LastCharacter,
}

/// Characters of a text in the form in which texts are compared, each with its class and the bytes from which it comes.
struct Folded {
    text: String,
    characters: Vec<Character>,
}

struct Character {
    class: Class,
    folded: Range<usize>,
    range: Range<usize>,
}

/// Returns the tokens of a text in the order of their positions.
pub fn tokenize(text: &str, stemmer: &Stemmer) -> Vec<Token> {
    let folded = Folded::of(text);
    let mut tokens = Vec::new();
    let mut position = 1;
    let mut start = 0;
    while let Some(first) = folded.characters.get(start) {
        let class = first.class;
        let rest = &folded.characters[start..];
        let length = match class {
            Class::Symbol | Class::Separator => 1,
            _ => rest.iter().take_while(|next| next.class == class).count(),
        };
        let run = start..start + length;
        match class {
            Class::Separator => {}
            Class::Symbol => {
                let symbol = folded.token(Kind::Symbol, run.clone(), position);
                match tokens.last_mut() {
                    Some(Token { text, range, .. }) if *text == symbol.text => {
                        range.end = symbol.range.end
                    }
                    _ => tokens.push(symbol),
                }
            }
            Class::Letter => {
                position += 1;
                let mut word = folded.token(Kind::Word, run.clone(), position);
                word.stems = stemmer.stems(&text[word.range.clone()], &word.text);
                tokens.push(word);
                let signed = folded.signed(run.clone());
                tokens.extend(signed.map(|signed| folded.token(Kind::Signed, signed, position)));
            }
            Class::Unspaced | Class::Hangul => {
                let mut bigrams: Vec<Token> = run
                    .clone()
                    .map(|index| {
                        position += 1;
                        let (kind, end) = match index + 1 < run.end {
                            true => (Kind::Bigram, index + 2),
                            false => (Kind::LastCharacter, index + 1),
                        };
                        folded.token(kind, index..end, position)
                    })
                    .collect();
                if let (Class::Hangul, Some(first)) = (class, bigrams.first_mut()) {
                    let stem = without_particle(folded.slice(run.clone()));
                    first.stems.push(marked(stem));
                }
                tokens.append(&mut bigrams);
            }
        }
        start += length;
    }
    tokens
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut folded = Self {
            text: String::with_capacity(text.len()),
            characters: Vec::with_capacity(text.len()),
        };
        if text.is_ascii() {
            for (place, character) in text.char_indices() {
                folded.push(
                    character.to_ascii_lowercase().encode_utf8(&mut [0; 4]),
                    place..place + 1,
                );
            }
        } else {
            // The same character often follows, as in a line of signs.
            let (mut last, mut last_folded) = ("", String::new());
            for (place, character) in text.grapheme_indices(true) {
                if character != last {
                    (last, last_folded) = (character, fold(character));
                }
                folded.push(&last_folded, place..place + character.len());
            }
        }
        folded
    }

    fn push(&mut self, character: &str, range: Range<usize>) {
        let Some(first) = character.chars().next() else {
            // An invisible character is part of the word that it stands in.
            return;
        };
        let start = self.text.len();
        self.text.push_str(character);
        self.characters.push(Character {
            class: Class::of(first),
            folded: start..self.text.len(),
            range,
        });
    }

    fn slice(&self, run: Range<usize>) -> &str {
        let [first, last] = [run.start, run.end - 1].map(|index| &self.characters[index].folded);
        &self.text[first.start..last.end]
    }

    fn token(&self, kind: Kind, run: Range<usize>, position: usize) -> Token {
        let [first, last] = [run.start, run.end - 1].map(|index| &self.characters[index].range);
        Token {
            text: cut(self.slice(run).to_owned()),
            stems: Vec::new(),
            kind,
            position,
            range: first.start..last.end,
        }
    }

    /// Returns a word together with the signs around it that carry meaning, if there are any.
    fn signed(&self, word: Range<usize>) -> Option<Range<usize>> {
        let is_sign = |index: usize, signs: &[&str]| {
            let character = self.characters.get(index);
            character.is_some_and(|character| signs.contains(&&self.text[character.folded.clone()]))
        };
        let is_word = |index: usize| {
            let character = self.characters.get(index);
            character.is_some_and(|character| {
                !matches!(character.class, Class::Separator | Class::Symbol)
            })
        };
        let signs = (word.end..)
            .take_while(|index| is_sign(*index, &["+", "#"]))
            .take(MAX_SIGNS + 1);
        let signs = signs.count();
        let end =
            match (1..=MAX_SIGNS).contains(&signs) && (signs > 1 || !is_word(word.end + signs)) {
                true => word.end + signs,
                false => word.end,
            };
        let has_dot = word.start.checked_sub(1).is_some_and(|dot| {
            let before = dot.checked_sub(1);
            is_sign(dot, &["."])
                && !before.is_some_and(|before| is_word(before) || is_sign(before, &["."]))
        });
        let is_name = self.slice(word.clone()).starts_with(char::is_alphabetic);
        let start = word.start - usize::from(has_dot && is_name);
        let signed = start..end;
        (signed != word).then_some(signed)
    }
}

impl Stemmer {
    /// Returns the marked stems of a word: of the word as it is written, and of the word without accents.
    fn stems(&self, written: &str, folded: &str) -> Vec<String> {
        let of_folded = self.stem(folded);
        let of_written = match written.is_ascii() {
            true => of_folded.clone(),
            false => self.stem(&written.to_lowercase()).map(|stem| fold(&stem)),
        };
        let stems = BTreeSet::from_iter([of_folded, of_written].into_iter().flatten());
        let stems = stems
            .into_iter()
            .filter(|stem| !stem.is_empty() && stem != folded);
        stems.map(|stem| marked(&stem)).collect()
    }
}

/// Returns a stem with the mark that distinguishes it from a word.
pub fn marked(stem: &str) -> String {
    cut(format!("{STEM}{stem}"))
}

/// Returns the stem without its mark.
pub fn unmarked(stem: &str) -> &str {
    stem.strip_prefix(STEM).unwrap_or(stem)
}

fn cut(mut token: String) -> String {
    token.truncate(token.floor_char_boundary(MAX_TOKEN));
    token
}

#[cfg(test)]
#[path = "tokenizer_tests.rs"]
mod tests;
