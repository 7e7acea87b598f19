use std::collections::HashSet;

use super::Rng;

/// How many words there are.
pub const WORDS: usize = 50_000;

const CONSONANTS: [&str; 22] = [
    "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "gr",
    "kl", "pl", "st", "tr",
];
const VOWELS: [&str; 7] = ["a", "e", "i", "o", "u", "ai", "ou"];
const ENDS: [&str; 6] = ["", "", "n", "r", "l", "k"];

/// English words whose forms have one stem, so that the search has something to bring together.
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

/// Words by how often they come: made-up ones that can be spoken, and English ones in several forms among them.
#[derive(Debug)]
pub struct Vocabulary(Vec<String>);

impl Vocabulary {
    /// Makes up the words of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::of_part(seed, u64::MAX, 0);
        let mut english: Vec<String> = ENGLISH
            .split_whitespace()
            .flat_map(|word| FORMS.map(|form| format!("{word}{form}")))
            .collect();
        let mut known: HashSet<String> = english.iter().cloned().collect();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            // Four of ten among the most frequent ones, fewer and fewer behind.
            let is_english = rng.below(words.len() + 2_500) < 1_000;
            if is_english && !english.is_empty() {
                let at = rng.below(english.len());
                words.push(english.swap_remove(at));
                continue;
            }
            let word = spoken(&mut rng);
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        Self(words)
    }

    /// Returns the word of a rank, from 0.
    pub fn word(&self, rank: usize) -> &str {
        &self.0[rank]
    }

    /// Returns whether there is such a word.
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }
}

fn spoken(rng: &mut Rng) -> String {
    let syllables = rng.between(2, 4);
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(CONSONANTS[rng.below(CONSONANTS.len())]);
        word.push_str(VOWELS[rng.below(VOWELS.len())]);
    }
    word.push_str(ENDS[rng.below(ENDS.len())]);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_up_the_same_words() {
        assert_eq!(Vocabulary::new(1).0, Vocabulary::new(1).0);
        assert_ne!(Vocabulary::new(1).0, Vocabulary::new(2).0);
    }

    #[test]
    fn words_are_letters_only_and_none_comes_twice() {
        let vocabulary = Vocabulary::new(1);
        assert_eq!(vocabulary.0.len(), WORDS);
        let different: HashSet<_> = vocabulary.0.iter().collect();
        assert_eq!(different.len(), WORDS);
        let letters = |word: &String| {
            (2..=20).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        assert!(vocabulary.0.iter().all(letters));
    }

    #[test]
    fn several_forms_of_english_words_are_among_the_frequent_ones() {
        let vocabulary = Vocabulary::new(1);
        let frequent: HashSet<&str> = vocabulary.0[..5_000].iter().map(String::as_str).collect();
        let english = ENGLISH.split_whitespace();
        let several = english.filter(|word| {
            let forms = FORMS.map(|form| format!("{word}{form}"));
            forms
                .iter()
                .filter(|form| frequent.contains(form.as_str()))
                .count()
                > 1
        });
        assert!(several.count() > 50);
    }
}
