use super::{Completions, Meaning};

/// The best level of a match: all words in the title.
pub const BEST_LEVEL: i16 = 2 * LEVELS;

/// How many levels an alternative has; those of complete words begin above.
pub const LEVELS: i16 = 4;

/// One of the ways in which a task can match a search.
///
/// A match has one of four levels: all words in the title; the rarest word in the title; in the name of a label; in the
/// description. If the last word of a search is complete, its matches are better than all those of an unfinished one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The level below its own ones.
    base: i16,
    /// The rarest of its words: the tasks with one of these words or labels are asked for the rest.
    pub rarest: Sense,
    /// Its other words.
    pub others: Vec<Sense>,
    /// The whole of it as a `tsquery`.
    whole: String,
    /// What a title must contain that has all the words; none if the rarest word is all.
    title: Option<String>,
}

/// Where a word or a phrase is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sense {
    query: String,
    /// The words in `search_postings`, of which every match has one unless it has one of the labels.
    pub words: Vec<String>,
    /// The labels in `search_postings`.
    pub labels: Vec<String>,
    /// How many tasks have one of them, up to many.
    pub size: i64,
    is_one_word: bool,
}

/// What a document is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// A `tsquery` that it must match.
    pub whole: String,
    /// A `tsquery` that its title must match.
    pub title: Option<String>,
}

/// A stretch of postings, the newest task first, and what is asked of these tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How good its matches are.
    pub level: i16,
    /// The words or labels.
    pub words: Vec<String>,
    /// Where they stand.
    pub weight: i16,
    /// Where the other words stand, as an array.
    pub other_weights: &'static str,
    /// What must be true of a task; none if nothing more is asked.
    pub required: Option<Check>,
    /// What must not be true of it, because it would then be a better match.
    pub unless: Vec<Check>,
}

/// What a branch of a search means.
#[derive(Debug, Clone, Default)]
pub struct BranchMeaning {
    /// What the tasks contain, in order.
    pub wanted: Vec<Meaning>,
    /// What they do not contain.
    pub unwanted: Vec<Meaning>,
    /// What the last of the wanted terms may become, if it may be unfinished: the beginning, and what is there.
    pub unfinished: Option<(String, Completions)>,
}

/// Returns the ways in which tasks can match a branch: with the words as they are, and with the last one unfinished. There are
/// none if a word is in no task.
pub fn alternatives(branch: &BranchMeaning) -> Vec<Alternative> {
    let unwanted: Vec<Sense> = branch.unwanted.iter().filter_map(Sense::of).collect();
    let senses: Vec<Option<Sense>> = branch.wanted.iter().map(Sense::of).collect();
    let mut alternatives = Vec::new();
    let complete: Vec<Sense> = senses.iter().flatten().cloned().collect();
    alternatives.extend(Alternative::of(LEVELS, complete, &unwanted));

    // A last word that is in every text anyway would only leave out some of the same tasks.
    let is_last_searched = senses.len() <= 1 || senses.last().is_some_and(Option::is_some);
    if let Some((beginning, completions)) = &branch.unfinished
        && is_last_searched
    {
        let before = &senses[..senses.len().saturating_sub(1)];
        let mut unfinished: Vec<Sense> = before.iter().flatten().cloned().collect();
        unfinished.push(Sense::beginning(beginning, completions));
        alternatives.extend(Alternative::of(0, unfinished, &unwanted));
    }
    alternatives
}

impl Sense {
    fn of(meaning: &Meaning) -> Option<Self> {
        let query = meaning.query.as_ref()?;
        let labels = meaning.labels.iter().map(|label| quoted(label));
        let query: Vec<String> = std::iter::once(format!("({query})"))
            .chain(labels)
            .collect();
        let rarest = meaning.sizes.iter().zip(&meaning.words).min();
        let words: Vec<String> = rarest.into_iter().map(|(_, word)| word.clone()).collect();
        Some(Self {
            query: format!("({})", query.join(" | ")),
            words,
            labels: meaning.labels.clone(),
            size: rarest.map_or(0, |(size, _)| *size) + meaning.label_size,
            is_one_word: meaning.words.len() == 1,
        })
    }

    fn beginning(beginning: &str, completions: &Completions) -> Self {
        let Completions {
            words,
            labels,
            size,
        } = completions;
        Self {
            query: beginning_query(beginning, completions),
            words: words.clone(),
            labels: labels.clone(),
            size: *size,
            is_one_word: true,
        }
    }

    /// Returns the words and labels.
    pub fn keys(&self) -> Vec<String> {
        self.words.iter().chain(&self.labels).cloned().collect()
    }

    /// Returns how many words and labels there are.
    pub fn key_count(&self) -> usize {
        self.words.len() + self.labels.len()
    }

    /// Returns the `tsquery` of a document that has it with one of these weights.
    fn weighted(&self, weights: &str) -> String {
        let keys = self.keys();
        let keys: Vec<String> = keys
            .iter()
            .map(|key| format!("{}:{weights}", quoted(key)))
            .collect();
        format!("({})", keys.join(" | "))
    }
}

impl Alternative {
    fn of(base: i16, mut senses: Vec<Sense>, unwanted: &[Sense]) -> Option<Self> {
        let queries: Vec<&str> = senses.iter().map(|sense| sense.query.as_str()).collect();
        let title = queries.join(" & ");
        let without = unwanted.iter().map(|sense| format!(" & !{}", sense.query));
        let whole = title.clone() + &without.collect::<String>();
        let (place, rarest) = senses
            .iter()
            .enumerate()
            .min_by_key(|(_, sense)| sense.size)?;
        if rarest.size == 0 {
            return None;
        }
        let is_all = senses.len() == 1 && rarest.is_one_word && unwanted.is_empty();
        let rarest = senses.remove(place);
        Some(Self {
            base,
            rarest,
            others: senses,
            whole,
            title: (!is_all).then_some(title),
        })
    }

    /// Returns whether all its words are meant as they are.
    pub fn is_complete(&self) -> bool {
        self.base == LEVELS
    }

    /// Returns how its matches are found, of this level and then of those below; what is a better match of one of all the
    /// alternatives is left out.
    pub fn steps(&self, first: i16, all: &[Self]) -> Vec<Step> {
        let own = (1..=LEVELS).rev().map(|own| self.base + own);
        own.filter(|level| *level <= first)
            .filter_map(|level| self.step(level, all))
            .collect()
    }

    fn step(&self, level: i16, all: &[Self]) -> Option<Step> {
        let own = level - self.base;
        let weight = own.min(3);
        let required = match (&self.title, own) {
            (None, 3) => return None,
            (None, _) => None,
            (Some(_), _) => Some(self.check(own)),
        };
        let words = if weight == 2 {
            &self.rarest.labels
        } else {
            &self.rarest.words
        };
        if words.is_empty() {
            return None;
        }
        let required = required.map(|check| Check {
            // That the rarest word is there with this weight is known.
            whole: self.whole.clone(),
            ..check
        });
        let unless = all
            .iter()
            .filter(|other| *other != self || self.can_be_better(own))
            .filter_map(|other| other.check_above(level))
            .collect();
        Some(Step {
            level,
            words: words.clone(),
            weight,
            other_weights: self.other_weights(own),
            required,
            unless,
        })
    }

    /// Returns where the other words of a match can stand. If two words are in the title, the match is one of the best level.
    fn other_weights(&self, own: i16) -> &'static str {
        match (own, self.others.as_slice()) {
            (LEVELS, _) => "{3}",
            (3, [other]) if self.rarest.is_one_word && other.is_one_word => "{1,2}",
            _ => "{1,2,3}",
        }
    }

    /// Returns whether a task that is found at this level of its own can be better by the same alternative.
    fn can_be_better(&self, own: i16) -> bool {
        own < LEVELS && (self.title.is_some() && own == 3 || self.rarest.keys().len() > 1)
    }

    /// Returns what is true of the matches above a level, if there can be some.
    fn check_above(&self, level: i16) -> Option<Check> {
        let own = (level + 1 - self.base).max(1);
        (own <= LEVELS).then(|| self.check(own))
    }

    /// Returns what is true of the matches of one of its levels and those above it.
    fn check(&self, own: i16) -> Check {
        let with = |weights: &str| format!("{} & {}", self.whole, self.rarest.weighted(weights));
        match (own, &self.title) {
            (LEVELS, Some(title)) => Check {
                whole: self.whole.clone(),
                title: Some(title.clone()),
            },
            (LEVELS | 3, _) => Check {
                whole: with("A"),
                title: None,
            },
            (2, _) => Check {
                whole: with("AB"),
                title: None,
            },
            _ => Check {
                whole: self.whole.clone(),
                title: None,
            },
        }
    }
}

/// Returns what matches an unfinished word as a `tsquery`: what begins with it, and the words that begin with it before they are
/// reduced to their stem.
pub fn beginning_query(beginning: &str, completions: &Completions) -> String {
    let Completions { words, labels, .. } = completions;
    let meant = words.iter().chain(labels).map(|word| quoted(word));
    let parts: Vec<String> = std::iter::once(format!("'{beginning}':*"))
        .chain(meant)
        .collect();
    format!("({})", parts.join(" | "))
}

/// Writes a word so that a `tsquery` takes it as it is.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
#[path = "alternative_tests.rs"]
mod tests;
