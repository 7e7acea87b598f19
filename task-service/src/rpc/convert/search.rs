//! Searches, and the tokens of their pages.

use serde::{Deserialize, Serialize};
use service_runtime::page::{self, InvalidPageToken};
use taskmesh_proto::task::v1 as pb;

use super::list::filter_request;
use crate::{
    domain::{KeyValue, TaskId, TimeZone, Violations, search::SearchQuery},
    error::Error,
    operations::{
        filtering::EvalContext,
        search_tasks::{Match, Matches, SearchEnd, SearchTasks},
    },
    store::search::Found,
};

const DEFAULT_SIZE: i32 = 20;
const MAXIMUM_SIZE: i32 = 100;

/// Where a search goes on.
#[derive(Serialize, Deserialize)]
struct Token {
    level: i16,
    task_id: TaskId,
    /// When the first page was asked for, in microseconds.
    now: i64,
    zone: String,
    search: u64,
}

impl TryFrom<pb::SearchTasksRequest> for SearchTasks {
    type Error = Error;

    fn try_from(message: pb::SearchTasksRequest) -> Result<Self, Error> {
        let pb::SearchTasksRequest {
            query,
            page_size,
            page_token,
            filter,
            saved_filter,
            show_deleted,
        } = message;
        let mut violations = Violations::default();
        let query = violations.check("query", SearchQuery::parse(&query));
        let size = page::size_within(page_size, DEFAULT_SIZE, MAXIMUM_SIZE);
        let limit = violations.check("page_size", size.map_err(|wrong| wrong.description));
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let after = violations.check("page_token", search_end(&page_token));
        match (query, limit, after, filter_request(filter, saved_filter)) {
            (Some(query), Some(limit), Some(after), filter) => Ok(Self {
                query,
                filter: filter?,
                show_deleted,
                after,
                limit,
            }),
            (.., Err(Error::InvalidFilter { field, error })) => {
                violations.push(field, error);
                Err(violations.into())
            }
            _ => Err(violations.into()),
        }
    }
}

fn search_end(token: &str) -> Result<Option<SearchEnd>, InvalidPageToken> {
    if token.is_empty() {
        return Ok(None);
    }
    let Token {
        level,
        task_id,
        now,
        zone,
        search,
    } = page::decode(token)?;
    let time = KeyValue::Number(now).time().ok_or(InvalidPageToken)?;
    let zone = TimeZone::parse(&zone).map_err(|_| InvalidPageToken)?;
    Ok(Some(SearchEnd {
        found: Found { level, task_id },
        context: EvalContext { time, zone },
        fingerprint: search,
    }))
}

impl From<&Matches> for pb::SearchTasksResponse {
    fn from(found: &Matches) -> Self {
        let Matches {
            matches,
            end,
            corrected_query,
        } = found;
        let token = end.as_ref().map(|end| {
            page::encode(&Token {
                level: end.found.level,
                task_id: end.found.task_id,
                now: end.context.time.timestamp_micros(),
                zone: end.context.zone.to_string(),
                search: end.fingerprint,
            })
        });
        Self {
            matches: matches.iter().map(Into::into).collect(),
            next_page_token: token.unwrap_or_default(),
            corrected_query: corrected_query.clone().unwrap_or_default(),
        }
    }
}

impl From<&Match> for pb::SearchMatch {
    fn from(found: &Match) -> Self {
        let Match {
            task,
            rank,
            title,
            description,
        } = found;
        Self {
            task: Some(task.into()),
            rank: *rank,
            title_highlight: title.clone(),
            description_highlight: description.clone(),
        }
    }
}
