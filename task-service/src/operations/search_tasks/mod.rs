//! Finding tasks by what they say.

mod correction;
mod criteria;

use chrono::{DateTime, Utc};
use service_runtime::{
    grpc::Caller,
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};
use uuid::Uuid;

use super::{
    filtering::{self, EvalContext, FilterRequest},
    list_tasks::PageEnd,
    query::Query,
};
use crate::{
    app::App,
    domain::{
        SearchLanguage, Task, TaskId,
        search::{SearchQuery, Stemmer, excerpt, highlight},
    },
    error::Error,
    store::{
        self,
        filter_condition::Condition,
        search::{BEST_LEVEL, Found, LEVELS, Matching},
    },
};
use criteria::{Criteria, Labels};

/// Level and id of a match, which decide its position.
pub type Position = (i16, TaskId);

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
    pub after: Option<PageEnd<Position>>,
    /// How many tasks at most.
    pub limit: usize,
}

/// What a search found.
#[derive(Debug)]
pub struct Matches {
    /// The matches, the best first and of equally good ones the newest.
    pub matches: Vec<Match>,
    /// Where the page ended, if there is another one.
    pub end: Option<PageEnd<Position>>,
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

/// User whose tasks are searched, and the language of the words.
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
        let wrong = "belongs to another search: repeat query, filter, saved_filter and show_deleted as on the first page, or leave the \
                     token out to begin anew";
        return Err(Error::field("page_token", wrong));
    }
    let reader = Reader {
        user_id,
        language: settings.search_language,
    };
    let labels = Labels::find(tx, reader).await?;
    let before_all = (BEST_LEVEL + 1, Uuid::max().into());
    let (level, task_id) = search.after.as_ref().map_or(before_all, |end| end.place);
    let pages = Pages {
        condition: &filter.condition,
        show_deleted: search.show_deleted,
        after: Found { level, task_id },
        // One more than requested shows whether there is another page.
        limit: search.limit + 1,
    };
    let mut criteria = Criteria::of(reader, search.query.branches(), &labels);
    let mut found = pages.find(tx, &criteria).await?;
    let mut corrected_query = None;
    if found.is_empty()
        && let Some(corrected) = correction::correct(tx, reader, &search.query, &labels).await?
    {
        criteria = Criteria::of(reader, corrected.branches(), &labels);
        found = pages.find(tx, &criteria).await?;
        corrected_query = Some(corrected.as_ref().to_owned());
    }
    let has_more = found.len() > search.limit;
    found.truncate(search.limit);
    let end = found.last().filter(|_| has_more).map(|last| PageEnd {
        place: (last.level, last.task_id),
        context: filter.context.clone(),
        fingerprint,
    });
    Ok(Matches {
        matches: matches(tx, reader, &criteria, &found).await?,
        end,
        corrected_query,
    })
}

/// Part of the matches that a page shows.
struct Pages<'a> {
    condition: &'a Condition,
    show_deleted: bool,
    after: Found,
    limit: usize,
}

impl Pages<'_> {
    /// Finds the matches with complete words, and if these are too few, those with an unfinished one.
    async fn find(
        &self,
        tx: &mut AsyncPgConnection,
        criteria: &Criteria,
    ) -> Result<Vec<Found>, DatabaseError> {
        let Criteria {
            complete,
            unfinished,
            ..
        } = criteria;
        let except = complete.as_ref().map(|complete| &complete.all);
        let mut found = Vec::new();
        for (levels, base, except) in [(complete, LEVELS, None), (unfinished, 0, except)] {
            if let Some(levels) = levels
                && self.after.level > base
                && found.len() < self.limit
            {
                let matching = Matching {
                    levels,
                    base,
                    except,
                    condition: self.condition,
                    show_deleted: self.show_deleted,
                    after: self.after,
                    limit: self.limit - found.len(),
                };
                found.extend(store::search::find(tx, &matching).await?);
            }
        }
        Ok(found)
    }
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
    criteria: &Criteria,
    found: &[Found],
) -> Result<Vec<Match>, DatabaseError> {
    let ids: Vec<TaskId> = found.iter().map(|found| found.task_id).collect();
    let tasks = store::task::find_all(tx, reader.user_id, &ids).await?;
    let stemmer = Stemmer::new(reader.language);
    let matches = tasks.into_iter().map(|task| {
        let level = found
            .iter()
            .find(|found| found.task_id == task.id)
            .map_or(0, |found| found.level);
        Match {
            rank: f64::from(level) / f64::from(BEST_LEVEL),
            title: highlight(task.details.title.as_ref(), &criteria.marked, &stemmer),
            description: excerpt(
                task.details.description.as_ref(),
                &criteria.marked,
                &stemmer,
            ),
            task,
        }
    });
    Ok(matches.collect())
}
