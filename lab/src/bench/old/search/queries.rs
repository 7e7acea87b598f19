use std::collections::HashSet;

use crate::bench::old::data::{Draft, Drafts, Rng, Statistics, User};

/// How many different searches there are of each kind.
const QUERIES: usize = 50;

/// Searches of one kind.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub queries: Vec<String>,
}

/// Makes up searches that find something among a user's tasks, even among those that are still to do.
pub fn kinds(drafts: &Drafts, user: &User) -> Vec<Kind> {
    let statistics = Statistics::of(drafts, user);
    let shown = some_shown(drafts, user);
    let word = |rank: usize| drafts.vocabulary().word(rank).to_owned();
    let words = |ranks: Vec<usize>| ranks.into_iter().map(word).collect();
    let kind = |name, queries| Kind { name, queries };
    vec![
        kind("rare words", words(statistics.within(1, 5, QUERIES))),
        kind(
            "the most frequent words",
            words(statistics.near_share(1.0, 5)),
        ),
        kind(
            "words of one task in ten",
            words(statistics.near_share(0.1, 10)),
        ),
        kind(
            "two words",
            of_each(&shown, |draft| two_words(drafts, draft)),
        ),
        kind(
            "two frequent words",
            two_of(&statistics.near_share(1.0, 8), word),
        ),
        kind(
            "a beginning",
            of_each(&shown, |draft| beginning(drafts, draft)),
        ),
        kind(
            "a typing error",
            of_each(&shown, |draft| typing_error(drafts, draft)),
        ),
        kind("a phrase", of_each(&shown, |draft| phrase(drafts, draft))),
    ]
}

/// Returns some of the tasks that lists show, from all over the user's history.
fn some_shown(drafts: &Drafts, user: &User) -> Vec<Draft> {
    const WANTED: usize = 1_000;
    let mut rng = Rng::of_part(drafts.seed(), user.number, u64::MAX);
    let numbers = std::iter::repeat_with(|| rng.below(user.tasks));
    let drafts = numbers
        .take(WANTED * 10)
        .map(|number| drafts.draft(user, number));
    drafts.filter(Draft::is_shown).take(WANTED).collect()
}

/// Takes one search from each task, no search twice.
fn of_each(tasks: &[Draft], query: impl Fn(&Draft) -> Option<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let queries = tasks.iter().filter_map(query);
    queries
        .filter(|query| seen.insert(query.clone()))
        .take(QUERIES)
        .collect()
}

fn two_words(drafts: &Drafts, draft: &Draft) -> Option<String> {
    let first = draft.title.first()?;
    let other = draft.title.iter().find(|rank| *rank != first)?;
    Some(drafts.text(&[*first, *other]))
}

fn two_of(ranks: &[usize], word: impl Fn(usize) -> String) -> Vec<String> {
    let pairs = ranks.iter().zip(ranks.iter().skip(1));
    pairs
        .map(|(one, other)| format!("{} {}", word(*one), word(*other)))
        .collect()
}

fn phrase(drafts: &Drafts, draft: &Draft) -> Option<String> {
    let words = draft.title.get(1..3)?;
    Some(format!("\"{}\"", drafts.text(words)))
}

fn beginning(drafts: &Drafts, draft: &Draft) -> Option<String> {
    let word = long_word(drafts, draft)?;
    Some(word[..4].to_owned())
}

/// Swaps two letters within a word, so that there is no such word.
fn typing_error(drafts: &Drafts, draft: &Draft) -> Option<String> {
    let mut letters: Vec<char> = long_word(drafts, draft)?.chars().collect();
    let at = (2..letters.len() - 1).find(|at| letters[*at] != letters[at + 1])?;
    letters.swap(at, at + 1);
    let wrong: String = letters.into_iter().collect();
    (!drafts.vocabulary().contains(&wrong)).then_some(wrong)
}

fn long_word<'a>(drafts: &'a Drafts, draft: &Draft) -> Option<&'a str> {
    let words = draft
        .title
        .iter()
        .map(|rank| drafts.vocabulary().word(*rank));
    words
        .max_by_key(|word| word.len())
        .filter(|word| word.len() >= 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_searches_of_every_kind_and_typing_errors_are_no_words() {
        let drafts = Drafts::new(1);
        let user = User {
            id: "bench-2000".parse().unwrap(),
            number: 2_000,
            tasks: 2_000,
        };
        let kinds = kinds(&drafts, &user);
        assert_eq!(kinds.len(), 8);
        for kind in &kinds {
            assert!(kind.queries.len() >= 5, "{kind:?}");
        }
        let errors = kinds
            .iter()
            .find(|kind| kind.name == "a typing error")
            .unwrap();
        assert!(
            errors
                .queries
                .iter()
                .all(|word| !drafts.vocabulary().contains(word))
        );
    }
}
