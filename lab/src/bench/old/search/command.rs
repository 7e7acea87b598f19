use std::sync::Arc;

use clap::Args;
use service_runtime::BoxError;
use taskmesh_proto::task::v1::SearchTasksRequest;

use super::queries::{self, Kind};
use crate::bench::old::{
    caller::Caller,
    load::{closed_loop, one_by_one, open_loop},
    progress::Progress,
    report::{Bound, Line, Measure, Page},
    subject::{Common, MeasuredUser, Subject},
};

const GOAL_P95_MS: f64 = 10.0;
const GOAL_P99_MS: f64 = 25.0;
const FILTER: &str = "state = open AND priority >= high";
const MOST_AT_ONCE: usize = 1_000;

/// What is measured of searches.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many searches a second come where they come at a steady rate.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
}

/// Measures searches of every kind one by one, alone and with a filter; then all kinds together under load.
pub async fn measure(common: &Common, own: &Arguments) -> Result<Page, BoxError> {
    if !own.rate.is_finite() || own.rate <= 0.0 {
        return Err("--rate: give a number above 0".into());
    }
    let subject = common.open().await?;
    let mut page = subject.page().await?;
    for user in &subject.users {
        let kinds = queries::kinds(&subject.drafts, &user.user);
        for kind in &kinds {
            for filter in ["", FILTER] {
                let line = measure_kind(&subject, user, kind, filter).await;
                page.add(with_goals(line));
            }
        }
        if user.user.id == subject.largest()?.user.id {
            measure_load(&subject, user, &kinds, own.rate, &mut page).await?;
        }
    }
    Ok(page)
}

fn with_goals(line: Line) -> Line {
    line.goal(Measure::P95Ms, Bound::AtMost(GOAL_P95_MS))
        .goal(Measure::P99Ms, Bound::AtMost(GOAL_P99_MS))
}

async fn measure_kind(subject: &Subject, user: &MeasuredUser, kind: &Kind, filter: &str) -> Line {
    let with_filter = if filter.is_empty() { "" } else { ", filtered" };
    let name = format!("Search {}: {}{with_filter}", user.user.tasks, kind.name);
    let progress = Progress::new(name.as_str(), "calls", None);
    let (warm_up, count) = (subject.effort.warm_up_calls(), subject.effort.calls);
    let outcome = progress
        .watch(one_by_one(warm_up, count, |number| {
            let query = kind.queries[number % kind.queries.len().max(1)].clone();
            progress.add(1);
            search(user.caller.clone(), number, query, filter)
        }))
        .await;
    Line::of_calls(name, outcome)
}

async fn measure_load(
    subject: &Subject,
    user: &MeasuredUser,
    kinds: &[Kind],
    rate: f64,
    page: &mut Page,
) -> Result<(), BoxError> {
    let effort = subject.effort;
    let queries: Arc<Vec<String>> = Arc::new(mixed(kinds));
    let caller = user.caller.clone();
    let call = move |number: usize| {
        let query = queries[number % queries.len()].clone();
        search(caller.clone(), number, query, "")
    };
    let name = format!("Search {}: all kinds, {rate} a second", user.user.tasks);
    let progress = Progress::new(name.as_str(), "calls", None);
    let outcome = open_loop(rate, MOST_AT_ONCE, effort.bounds(), progress, call.clone()).await?;
    page.add(with_goals(Line::of_outcome(name, outcome)));
    let name = format!(
        "Search {}: all kinds, {} at once",
        user.user.tasks, effort.concurrency
    );
    let progress = Progress::new(name.as_str(), "calls", None);
    let outcome = closed_loop(effort.concurrency, effort.bounds(), progress, call).await?;
    page.add(Line::of_outcome(name, outcome));
    Ok(())
}

/// Takes one search of each kind in turn.
fn mixed(kinds: &[Kind]) -> Vec<String> {
    let most = kinds
        .iter()
        .map(|kind| kind.queries.len())
        .max()
        .unwrap_or(0);
    let turns = (0..most).flat_map(|turn| kinds.iter().map(move |kind| (turn, &kind.queries)));
    turns
        .filter(|(_, queries)| !queries.is_empty())
        .map(|(turn, queries)| queries[turn % queries.len()].clone())
        .collect()
}

/// Searches; without a filter, finding nothing is a failure, because every search was made up from a task.
async fn search(
    caller: Arc<Caller>,
    number: usize,
    query: String,
    filter: &str,
) -> Result<(), BoxError> {
    let request = caller.request(SearchTasksRequest {
        query: query.clone(),
        filter: filter.to_owned(),
        ..SearchTasksRequest::default()
    });
    let answer = caller
        .tasks(number)
        .search_tasks(request)
        .await?
        .into_inner();
    if answer.matches.is_empty() && filter.is_empty() {
        return Err(format!("{query} finds nothing").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_take_turns_and_small_ones_come_around_again() {
        let kind = |queries: &[&str]| Kind {
            name: "",
            queries: queries.iter().map(|query| (*query).to_owned()).collect(),
        };
        let mixed = mixed(&[kind(&["a", "b", "c"]), kind(&[]), kind(&["x"])]);
        assert_eq!(mixed, ["a", "x", "b", "x", "c", "x"]);
    }
}
