//! `bench search`: latency of searches of every kind, one by one and under load.

use std::{collections::HashSet, sync::Arc};

use clap::Args;
use service_runtime::BoxError;
use taskmesh_proto::task::v1::SearchTasksRequest;

use super::{
    data::{self, Sizes, User, Vocabulary, Words},
    load::{Bounds, closed_loop, one_by_one, open_loop},
    mesh::{self, Caller},
    report::{Measure, Report, Row, step},
};

const GOAL_P95_MS: f64 = 10.0;
const GOAL_P99_MS: f64 = 25.0;
const FILTER: &str = "state = open AND priority >= high";
/// Maximum number of queries of each kind.
const QUERIES: usize = 50;

/// Options of the benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    mesh: mesh::Connection,
    #[command(flatten)]
    sizes: Sizes,
    #[command(flatten)]
    bounds: Bounds,
    /// Number of measured calls of each kind, one by one.
    #[arg(long, default_value_t = 300)]
    calls: usize,
    /// Number of searches in flight in the closed loop.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Number of searches per second in the open loop.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
}

/// Queries of one kind.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    queries: Vec<String>,
}

/// Measures every kind one by one, without and with a filter; then all kinds under load.
pub async fn measure(arguments: &Arguments) -> Result<Report, BoxError> {
    let mesh = arguments.mesh.open().await?;
    let vocabulary = Vocabulary::new(arguments.sizes.seed);
    let users = data::open(&mesh, &arguments.sizes, &vocabulary).await?;
    let mut report = Report::new(&mesh.database).await?;
    let mut mixed = None;
    for User { caller, tasks } in &users {
        let kinds = kinds(&Words::load(&mesh.database, &caller.user).await?);
        for Kind { name, queries } in &kinds {
            if queries.is_empty() {
                return Err(format!("{} has too few tasks for {name}", caller.user).into());
            }
            for filter in ["", FILTER] {
                let suffix = if filter.is_empty() { "" } else { ", filtered" };
                let name = format!("search {tasks} tasks: {name}{suffix}");
                step(&name);
                let outcome = one_by_one(arguments.calls, |number| {
                    let query = queries[number % queries.len()].clone();
                    search(caller.clone(), number, query, filter)
                });
                report.add(with_goals(Row::latency(name, &outcome.await)));
            }
        }
        let turns = (0..QUERIES).flat_map(|turn| {
            let kinds = kinds.iter();
            kinds.map(move |kind| kind.queries[turn % kind.queries.len()].clone())
        });
        mixed = Some((caller, tasks, turns.collect::<Arc<[String]>>()));
    }
    let (caller, tasks, queries) = mixed.ok_or("no user is measured")?;
    let caller = caller.clone();
    let call = move |number: usize| {
        let query = queries[number % queries.len()].clone();
        search(caller.clone(), number, query, "")
    };
    let (rate, concurrency) = (arguments.rate, arguments.concurrency);
    let name = format!("search {tasks} tasks: all kinds, {rate} per second");
    step(&name);
    let outcome = open_loop(rate.into(), arguments.bounds, call.clone()).await?;
    report.add(with_goals(Row::load(name, &outcome)));
    let name = format!("search {tasks} tasks: all kinds, {concurrency} at once");
    step(&name);
    let outcome = closed_loop(concurrency.into(), arguments.bounds, call).await;
    report.add(Row::load(name, &outcome));
    Ok(report)
}

fn with_goals(row: Row) -> Row {
    row.at_most(Measure::P95, GOAL_P95_MS)
        .at_most(Measure::P99, GOAL_P99_MS)
}

/// Searches; without a filter every query has a match, because it was made from a task.
async fn search(
    caller: Arc<Caller>,
    number: usize,
    query: String,
    filter: &'static str,
) -> Result<(), BoxError> {
    let request = caller.request(SearchTasksRequest {
        query: query.clone(),
        filter: filter.to_owned(),
        ..SearchTasksRequest::default()
    });
    let answer = caller.tasks(number).search_tasks(request).await?;
    match answer.into_inner().matches.is_empty() && filter.is_empty() {
        true => Err(format!("{query} has no match").into()),
        false => Ok(()),
    }
}

/// Makes queries from the words of a user's tasks.
fn kinds(words: &Words) -> Vec<Kind> {
    let frequent = words.near_share(1.0, 8);
    let pairs = frequent.iter().zip(frequent.iter().skip(1));
    let from_titles = |query: fn(&Words, &[String]) -> Option<String>| {
        let mut seen = HashSet::new();
        let queries = words.titles.iter().filter_map(|title| query(words, title));
        let distinct = queries.filter(|query| seen.insert(query.clone()));
        distinct.take(QUERIES).collect()
    };
    [
        ("rare words", words.rare(QUERIES)),
        ("the most frequent words", words.near_share(1.0, 5)),
        ("words of one task in ten", words.near_share(0.1, 10)),
        ("two words", from_titles(two_words)),
        (
            "two frequent words",
            pairs.map(|(one, other)| format!("{one} {other}")).collect(),
        ),
        ("a prefix", from_titles(prefix)),
        ("a typo", from_titles(typo)),
        ("a phrase", from_titles(phrase)),
    ]
    .map(|(name, queries)| Kind { name, queries })
    .into()
}

fn two_words(_: &Words, title: &[String]) -> Option<String> {
    let (first, rest) = title.split_first()?;
    let other = rest.iter().find(|word| *word != first)?;
    Some(format!("{first} {other}"))
}

fn phrase(_: &Words, title: &[String]) -> Option<String> {
    Some(format!("\"{}\"", title.get(1..3)?.join(" ")))
}

fn prefix(_: &Words, title: &[String]) -> Option<String> {
    Some(long_word(title)?[..4].to_owned())
}

/// Swaps two letters of a word, so that no task has it.
fn typo(words: &Words, title: &[String]) -> Option<String> {
    let mut letters: Vec<char> = long_word(title)?.chars().collect();
    let index = (2..letters.len() - 1).find(|index| letters[*index] != letters[index + 1])?;
    letters.swap(index, index + 1);
    let typo: String = letters.into_iter().collect();
    (!words.contains(&typo)).then_some(typo)
}

fn long_word(title: &[String]) -> Option<&String> {
    let longest = title.iter().max_by_key(|word| word.len());
    longest.filter(|word| word.len() >= 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_made_from_titles() {
        let title = ["pay", "insurance", "bill"].map(str::to_owned);
        let words = Words::default();
        assert_eq!(two_words(&words, &title).unwrap(), "pay insurance");
        assert_eq!(phrase(&words, &title).unwrap(), "\"insurance bill\"");
        assert_eq!(prefix(&words, &title).unwrap(), "insu");
        assert_eq!(typo(&words, &title).unwrap(), "inusrance");
        assert_eq!(prefix(&words, &title[..1]), None);
    }
}
