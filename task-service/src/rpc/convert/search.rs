//! Searches.

use service_runtime::page;
use taskmesh_proto::task::v1 as pb;

use super::list::{filter_request, page_end, page_token};
use crate::{
    domain::{Violations, search::SearchQuery},
    error::Error,
    operations::search_tasks::{Match, Matches, SearchTasks},
};

const DEFAULT_SIZE: i32 = 20;
const MAXIMUM_SIZE: i32 = 100;

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
        let after = violations.check("page_token", page_end(&page_token));
        let fields = query.zip(limit).zip(after).ok_or(violations);
        let filter = filter_request(filter, saved_filter);
        let (((query, limit), after), filter) = Error::both(fields, filter)?;
        Ok(Self {
            query,
            filter,
            show_deleted,
            after,
            limit,
        })
    }
}

impl From<&Matches> for pb::SearchTasksResponse {
    fn from(found: &Matches) -> Self {
        let Matches {
            matches,
            end,
            corrected_query,
        } = found;
        Self {
            matches: matches.iter().map(Into::into).collect(),
            next_page_token: page_token(end.as_ref()),
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
