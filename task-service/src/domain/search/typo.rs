use std::ops::RangeInclusive;

use strsim::damerau_levenshtein;

/// Lengths in bytes of the words in a user's vocabulary; others are not what a mistyped word stands for.
pub const VOCABULARY_LENGTHS: RangeInclusive<usize> = 3..=100;

/// A word that no task contains, and that may be a mistyped one.
///
/// A slip changes letters in one place, so that the beginning or the ending of the word stays: what was meant is among the words
/// with the same beginning and those with the same ending, which a sorted list of words finds without reading the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typo {
    word: String,
    beginning: String,
    ending: String,
    length: i64,
    slips: usize,
}

/// A word that may have been meant by another one; the likelier, the smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meant {
    /// How many slips make the other of this one.
    pub slips: usize,
    /// Whether the first letters differ, which is rarer.
    pub begins_otherwise: bool,
    /// The word.
    pub word: String,
}

impl Typo {
    /// Takes a word for a mistyped one, if it is long enough for that.
    pub fn of(word: &str) -> Option<Self> {
        const SHORTEST: usize = 4;
        const LONG: usize = 8;
        const MOST_LETTERS: usize = 3;
        let letters: Vec<char> = word.to_lowercase().chars().collect();
        let length = letters.len();
        if !(SHORTEST..=*VOCABULARY_LENGTHS.end()).contains(&length) {
            return None;
        }
        // Two letters that changed places stand in neither part.
        let first = ((length - 1) / 2).min(MOST_LETTERS);
        let last = (length - 1 - first).min(MOST_LETTERS);
        Some(Self {
            beginning: letters[..first].iter().collect(),
            ending: letters[length - last..].iter().collect(),
            word: letters.into_iter().collect(),
            length: i64::try_from(length).ok()?,
            slips: if length < LONG { 1 } else { 2 },
        })
    }

    /// Returns how what was meant may begin.
    pub fn beginning(&self) -> &str {
        &self.beginning
    }

    /// Returns how what was meant may end.
    pub fn ending(&self) -> &str {
        &self.ending
    }

    /// Returns how many characters what was meant may have.
    pub fn lengths(&self) -> RangeInclusive<i64> {
        let slips = i64::try_from(self.slips).unwrap_or_default();
        self.length - slips..=self.length + slips
    }

    /// Returns the words that may have been meant, the likeliest first: those with the fewest slips, and then those with the
    /// same first letter.
    pub fn meant(&self, candidates: Vec<String>) -> Vec<Meant> {
        const MOST: usize = 16;
        let mut meant: Vec<Meant> = candidates
            .into_iter()
            .map(|word| Meant {
                slips: damerau_levenshtein(&self.word, &word),
                begins_otherwise: word.chars().next() != self.word.chars().next(),
                word,
            })
            .filter(|meant| (1..=self.slips).contains(&meant.slips))
            .collect();
        meant.sort();
        meant.truncate(MOST);
        meant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(typed: &str, candidates: &[&str]) -> Vec<String> {
        let candidates = candidates.iter().map(ToString::to_string).collect();
        let meant = Typo::of(typed).unwrap().meant(candidates);
        meant.into_iter().map(|meant| meant.word).collect()
    }

    #[test]
    fn one_slip_is_forgiven_in_a_word_and_two_in_a_long_one() {
        assert_eq!(meant("invioce", &["invoice", "invite"]), ["invoice"]);
        assert_eq!(meant("rnet", &["rent"]), ["rent"]);
        assert_eq!(meant("rint", &["rent", "runs"]), ["rent"]);
        assert_eq!(meant("apartmnet", &["apartment"]), ["apartment"]);
        assert_eq!(meant("apratmnet", &["apartment"]), ["apartment"]);
        assert!(meant("milk", &["silks", "milk"]).is_empty());
        assert!(Typo::of("rnt").is_none());
    }

    #[test]
    fn the_likeliest_comes_first() {
        assert_eq!(
            meant("bills", &["pills", "bill", "hills"]),
            ["bill", "hills", "pills"]
        );
    }

    /// Every single slip must leave the beginning or the ending as it was, or what was meant is not found.
    #[test]
    fn any_one_slip_leaves_the_beginning_or_the_ending() {
        for word in ["rent", "rents", "renting", "apartments"] {
            for typed in slips(word) {
                let Some(typo) = Typo::of(&typed) else {
                    continue;
                };
                assert!(
                    word.starts_with(typo.beginning()) || word.ends_with(typo.ending()),
                    "{word} typed as {typed}"
                );
                let length = i64::try_from(word.len()).unwrap();
                assert!(typo.lengths().contains(&length));
            }
        }
    }

    fn slips(word: &str) -> Vec<String> {
        let mut slips = Vec::new();
        for place in 0..word.len() {
            let (before, after) = word.split_at(place);
            slips.push(format!("{before}x{after}"));
            slips.push(format!("{before}{}", &after[1..]));
            slips.push(format!("{before}x{}", &after[1..]));
            if after.len() > 1 {
                slips.push(format!(
                    "{before}{}{}{}",
                    &after[1..2],
                    &after[..1],
                    &after[2..]
                ));
            }
        }
        slips
    }
}
