use std::collections::HashSet;

use rand::{
    Rng, SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use rand_distr::{Distribution, Zipf};

const WORDS: usize = 50_000;
/// Number of words among which the forms are.
const FREQUENT: usize = 5_000;
/// Number of words that occur in several forms.
const STEMS: usize = 250;
const CONSONANTS: [&str; 22] = [
    "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "gr",
    "kl", "pl", "st", "tr",
];
const VOWELS: [&str; 7] = ["a", "e", "i", "o", "u", "ai", "ou"];
const ENDS: [&str; 6] = ["", "", "n", "r", "l", "k"];
/// Endings of English words, which the search removes.
const FORMS: [&str; 4] = ["", "s", "ed", "ing"];

/// Words by frequency: the second occurs half as often as the first, the third a third as often.
#[derive(Debug)]
pub struct Vocabulary {
    words: Vec<String>,
    ranks: Zipf<f64>,
}

/// Texts of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub title: String,
    pub description: String,
}

impl Vocabulary {
    /// Makes words of random syllables; a fifth of the frequent ones are English forms of one stem.
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut seen = HashSet::new();
        let mut made = std::iter::repeat_with(|| spoken(&mut rng));
        let mut distinct = made.by_ref().filter(|word| seen.insert(word.clone()));
        let stems = distinct.by_ref().take(STEMS);
        let mut words: Vec<String> = stems
            .flat_map(|stem| FORMS.map(|form| format!("{stem}{form}")))
            .collect();
        words.extend(distinct.take(WORDS - words.len()));
        words[..FREQUENT].shuffle(&mut rng);
        let ranks = Zipf::new(WORDS as f64, 1.0).expect("the number of ranks is positive");
        Self { words, ranks }
    }

    /// Draws a title of 3 to 8 words and, every other time, a description of up to 40.
    pub fn draft(&self, rng: &mut StdRng) -> Draft {
        let words = rng.random_range(3..=8);
        let title = self.text(words, rng);
        let words = if rng.random() {
            rng.random_range(1..=40)
        } else {
            0
        };
        let description = self.text(words, rng);
        Draft { title, description }
    }

    fn text(&self, count: usize, rng: &mut StdRng) -> String {
        let ranks = (&self.ranks).sample_iter(rng).take(count);
        let words: Vec<&str> = ranks
            .map(|rank| self.words[rank as usize - 1].as_str())
            .collect();
        words.join(" ")
    }
}

fn spoken(rng: &mut StdRng) -> String {
    let syllables =
        (0..rng.random_range(2..=4)).flat_map(|_| [pick(&CONSONANTS, rng), pick(&VOWELS, rng)]);
    let word: String = syllables.collect();
    word + pick(&ENDS, rng)
}

fn pick(from: &[&'static str], rng: &mut StdRng) -> &'static str {
    from.choose(rng).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_draws_same_texts() {
        let draft = |seed| Vocabulary::new(seed).draft(&mut StdRng::seed_from_u64(3));
        assert_eq!(draft(1), draft(1));
        assert_ne!(draft(1), draft(2));
    }

    #[test]
    fn first_word_is_in_most_tasks() {
        let vocabulary = Vocabulary::new(1);
        let mut rng = StdRng::seed_from_u64(1);
        let with_first = (0..1_000).filter(|_| {
            let Draft { title, description } = vocabulary.draft(&mut rng);
            let mut words = title.split(' ').chain(description.split(' '));
            words.any(|word| word == vocabulary.words[0])
        });
        assert!(with_first.count() > 500);
    }
}
