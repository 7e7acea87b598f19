use unicode_normalization::UnicodeNormalization;

use super::{
    piece::{Piece, pieces},
    query::{Branch, SearchQuery, Term},
};

const LONGEST: usize = 1_000;
const MOST_WORDS: usize = 32;
const MOST_BRANCHES: usize = 8;

/// A search that cannot be answered, in words that name the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSearch {
    /// Nothing, or nothing but spaces and quotes.
    #[error("must not be empty: give one or more words to look for")]
    Empty,
    /// More characters than a search takes.
    #[error("has {0} characters; shorten it to {LONGEST} or fewer")]
    TooLong(usize),
    /// A character that no task contains, at this place counted from 1.
    #[error("has the character U+0000 at character {0}; remove it")]
    Nul(usize),
    /// More words than a search takes.
    #[error("has {0} words; look for {MOST_WORDS} or fewer")]
    TooManyWords(usize),
    /// More alternatives than a search takes.
    #[error("has {0} alternatives; put {MOST_BRANCHES} or fewer between or")]
    TooManyBranches(usize),
    /// Nothing to look for, only something to leave out.
    #[error("only excludes words ({0}); add a word to search for")]
    OnlyUnwanted(String),
}

impl SearchQuery {
    /// Reads a search.
    pub fn parse(text: &str) -> Result<Self, InvalidSearch> {
        if let Some(place) = text.chars().position(|character| character == '\0') {
            return Err(InvalidSearch::Nul(place + 1));
        }
        // Other characters that cannot be seen separate words, as spaces do.
        let visible = |character: char| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        };
        let text: String = text.nfc().map(visible).collect();
        let length = text.chars().count();
        if length > LONGEST {
            return Err(InvalidSearch::TooLong(length));
        }
        let mut pieces = pieces(text.trim_end());
        pieces.retain(|piece| !piece.text.trim().is_empty());
        let words = pieces
            .iter()
            .map(|piece| piece.text.split_whitespace().count())
            .sum();
        if words > MOST_WORDS {
            return Err(InvalidSearch::TooManyWords(words));
        }
        let branches = branches(pieces)?;
        Ok(Self { text, branches })
    }
}

fn branches(pieces: Vec<Piece>) -> Result<Vec<Branch>, InvalidSearch> {
    let mut branches = vec![Branch::default()];
    let last = pieces.len().saturating_sub(1);
    for (index, piece) in pieces.into_iter().enumerate() {
        let is_between = index != 0 && index != last;
        if is_between && is_or(&piece) {
            branches.push(Branch::default());
            continue;
        }
        let Piece {
            text,
            place,
            quoted,
            negated,
        } = piece;
        let term = Term {
            text,
            quoted,
            unfinished: index == last && !quoted && !negated,
            place,
        };
        let branch = branches.last_mut().expect("there is always one");
        if negated {
            branch.unwanted.push(term);
        } else {
            branch.wanted.push(term);
        }
    }
    // "a or or b" means "a or b".
    branches.retain(|branch| *branch != Branch::default());
    if branches.is_empty() {
        return Err(InvalidSearch::Empty);
    }
    if branches.len() > MOST_BRANCHES {
        return Err(InvalidSearch::TooManyBranches(branches.len()));
    }
    match branches.iter().find(|branch| branch.wanted.is_empty()) {
        Some(branch) => {
            let unwanted: Vec<&str> = branch
                .unwanted
                .iter()
                .map(|term| term.text.as_str())
                .collect();
            Err(InvalidSearch::OnlyUnwanted(unwanted.join(", ")))
        }
        None => Ok(branches),
    }
}

fn is_or(piece: &Piece) -> bool {
    !piece.quoted && !piece.negated && piece.text.eq_ignore_ascii_case("or")
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
