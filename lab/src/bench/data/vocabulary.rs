use std::collections::HashSet;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use rand_distr::{Distribution, Zipf};

const WORDS: usize = 50_000;
const CONSONANTS: [&str; 22] = [
    "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "gr",
    "kl", "pl", "st", "tr",
];
const VOWELS: [&str; 7] = ["a", "e", "i", "o", "u", "ai", "ou"];
const ENDS: [&str; 6] = ["", "", "n", "r", "l", "k"];
/// English words, whose forms have one stem.
const ENGLISH: &str = "account answer appoint attend audit award bill board book boost brief budget build call camp check \
    clean climb coach collect comment complaint connect contact cook correct count crash deliver demand design detail discount \
    document draft dress edit enter expect explain export farm fear field film finish fold follow garden gather guard hand heat \
    help import inspect install interview invest jump keyboard knock lamp land launch learn lend letter lift light limit load \
    lock mail market matter meet member mention mentor mount need number offer order pack paint parent park part patent pay \
    permit phone plant point post predict present print product project protect publish question rank reach record refund \
    repair repeat report request research rest result return review ring round sail sample scan school search season select \
    shelter shift ship shout show sign sort sound speak start stay stock suggest support survey target task team tend test \
    thank ticket toast touch tour track train transfer translat travel treat trust turn update vacation veto view visit vote \
    wait walk wash watch water weigh welcom wind wish work yard";
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
    /// Draws the words: made-up syllables, and English ones in several forms among the frequent ones.
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut english: Vec<String> = ENGLISH
            .split_whitespace()
            .flat_map(|word| FORMS.map(|form| format!("{word}{form}")))
            .collect();
        let mut known: HashSet<String> = english.iter().cloned().collect();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            // Four of ten words at first, fewer with each rank.
            let is_english = rng.random_range(0..words.len() + 2_500) < 1_000;
            if is_english && !english.is_empty() {
                let index = rng.random_range(0..english.len());
                words.push(english.swap_remove(index));
                continue;
            }
            let syllables = (0..rng.random_range(2..=4))
                .flat_map(|_| [pick(&CONSONANTS, &mut rng), pick(&VOWELS, &mut rng)]);
            let mut word: String = syllables.collect();
            word.push_str(pick(&ENDS, &mut rng));
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
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
    fn words_are_distinct_and_have_letters_only() {
        let words = Vocabulary::new(1).words;
        let distinct: HashSet<&String> = words.iter().collect();
        assert_eq!(distinct.len(), WORDS);
        let has_letters = |word: &String| word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(words.iter().all(has_letters));
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
