//! Finding tasks by what they say.

mod meaning;
mod pages;

use chrono::{DateTime, Utc};
use service_runtime::{
    grpc::Caller,
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};
use uuid::Uuid;

use super::{
    filtering::{self, EvalContext, FilterRequest},
    query::Query,
};
use crate::{
    app::App,
    domain::{SearchLanguage, Task, TaskId, Violations, search::SearchQuery},
    error::Error,
    store::{
        self,
        search::{BEST_LEVEL, Found},
    },
};
use meaning::QueryMeaning;
use pages::Asked;

/// A search.
#[derive(Debug, Clone)]
pub struct SearchTasks {
    /// What the tasks say.
    pub query: SearchQuery,
    /// Which tasks.
    pub filter: FilterRequest,
    /// Whether deleted tasks are found, too.
    pub show_deleted: bool,
    /// Where the page before ended; none for the first page.
    pub after: Option<SearchEnd>,
    /// How many tasks at most.
    pub limit: usize,
}

/// Where a page of a search ended, and of which search.
#[derive(Debug, Clone)]
pub struct SearchEnd {
    /// The last match.
    pub found: Found,
    /// When and where the first page was asked for, so that "today" is the same on all pages.
    pub context: EvalContext,
    /// What the search is, in short.
    pub fingerprint: u64,
}

/// What a search found.
#[derive(Debug)]
pub struct Matches {
    /// The matches, the best first and of equally good ones the newest.
    pub matches: Vec<Match>,
    /// Where the page ended, if there is another one.
    pub end: Option<SearchEnd>,
    /// The search with the words that were searched for in place of those that no task contains.
    pub corrected_query: Option<String>,
}

/// A task that a search found.
#[derive(Debug)]
pub struct Match {
    /// The task.
    pub task: Task,
    /// How good the match is, up to 1.
    pub rank: f64,
    /// Its title with the matching words marked.
    pub title: String,
    /// The part of its description that matches best.
    pub description: String,
}

/// Whose tasks are searched, in which language.
#[derive(Clone, Copy)]
struct Reader<'a> {
    user_id: &'a UserId,
    language: SearchLanguage,
}

impl Query for SearchTasks {
    type Answer = Matches;

    async fn run(&self, app: &App, caller: &Caller) -> Result<Matches, Error> {
        app.database
            .read("search_tasks", async |tx: &mut AsyncPgConnection| {
                find_at(app.clock.now(), tx, &caller.user_id, self).await
            })
            .await
    }
}

async fn find_at(
    now: DateTime<Utc>,
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    search: &SearchTasks,
) -> Result<Matches, Error> {
    let settings = store::settings::find(tx, user_id).await?;
    let context = search.after.as_ref().map_or_else(
        || EvalContext {
            time: now,
            zone: settings.time_zone,
        },
        |end| end.context.clone(),
    );
    let filter = filtering::resolve(tx, user_id, &search.filter, now, Some(context)).await?;
    let fingerprint = fingerprint(user_id, search, &filter);
    if search
        .after
        .as_ref()
        .is_some_and(|end| end.fingerprint != fingerprint)
    {
        return Err(other_search().into());
    }
    let reader = Reader {
        user_id,
        language: settings.search_language,
    };
    let mut meaning = QueryMeaning::find(tx, reader, &search.query).await?;
    let asked = Asked {
        filter: &filter,
        show_deleted: search.show_deleted,
    };
    let after = search
        .after
        .as_ref()
        .map_or_else(before_all, |end| end.found);
    // One more than asked for tells whether there is another page.
    let mut found = pages::find(tx, reader, &asked, &mut meaning, after, search.limit + 1).await?;
    let has_more = found.len() > search.limit;
    found.truncate(search.limit);
    let end = found.last().filter(|_| has_more).map(|last| SearchEnd {
        found: *last,
        context: filter.context.clone(),
        fingerprint,
    });
    Ok(Matches {
        matches: matches(tx, reader, &meaning, &found).await?,
        end,
        corrected_query: meaning.corrected_query,
    })
}

/// Returns the place before all matches.
fn before_all() -> Found {
    Found {
        level: BEST_LEVEL + 1,
        task_id: Uuid::max().into(),
    }
}

fn other_search() -> Violations {
    let mut violations = Violations::default();
    violations.push(
        "page_token",
        "belongs to another search: repeat query, filter, saved_filter and show_deleted as on the first page, or leave the \
         token out to begin anew",
    );
    violations
}

/// Returns what tells searches from each other.
fn fingerprint(user_id: &UserId, search: &SearchTasks, filter: &filtering::ResolvedFilter) -> u64 {
    filtering::fingerprint(&[
        user_id.as_ref(),
        search.query.as_ref(),
        &search.filter.text,
        &filter.saved_text,
        if search.show_deleted { "deleted" } else { "" },
    ])
}

async fn matches(
    tx: &mut AsyncPgConnection,
    reader: Reader<'_>,
    meaning: &QueryMeaning,
    found: &[Found],
) -> Result<Vec<Match>, DatabaseError> {
    let Reader { user_id, language } = reader;
    let ids: Vec<TaskId> = found.iter().map(|found| found.task_id).collect();
    let tasks = store::task::find_all(tx, user_id, &ids).await?;
    let mut marked = match meaning.marked() {
        Some((query, words)) => {
            store::search::highlight(tx, user_id, language, &query, words, &ids).await?
        }
        None => Vec::new(),
    };
    let matches = tasks.into_iter().map(|task| {
        let level = found
            .iter()
            .find(|found| found.task_id == task.id)
            .map_or(0, |found| found.level);
        let highlight = marked
            .iter()
            .position(|marked| marked.id == task.id)
            .map(|place| marked.swap_remove(place));
        let (title, description) = highlight.map_or_else(
            || (task.details.title.to_string(), String::new()),
            |highlight| (highlight.title, highlight.description),
        );
        Match {
            rank: f64::from(level) / f64::from(BEST_LEVEL),
            task,
            title,
            description,
        }
    });
    Ok(matches.collect())
}
