//! Lists of tasks, and the tokens of pages of lists and searches.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use service_runtime::page::{self, InvalidPageToken};
use taskmesh_proto::task::v1 as pb;

use crate::{
    domain::{KeyValue, Order, TimeZone, Violations, filter::Filter},
    error::Error,
    operations::{
        filtering::{EvalContext, FilterRequest},
        list_tasks::{ListTasks, PageEnd, TaskPage},
    },
    store::task_list::Show,
};

/// Page token of a list or search.
#[derive(Serialize, Deserialize)]
struct Token<P> {
    after: P,
    /// When the first page was asked for, in microseconds.
    now: i64,
    zone: String,
    list: u64,
}

impl TryFrom<pb::ListTasksRequest> for ListTasks {
    type Error = Error;

    fn try_from(message: pb::ListTasksRequest) -> Result<Self, Error> {
        let pb::ListTasksRequest {
            page_size,
            page_token,
            show_completed,
            show_deleted,
            show_hidden,
            filter,
            saved_filter,
            order_by,
        } = message;
        let mut violations = Violations::default();
        let size = page::size(page_size);
        let limit = violations.check("page_size", size.map_err(|wrong| wrong.description));
        let after = violations.check("page_token", page_end(&page_token));
        let order = violations.check("order_by", Order::parse(&order_by));
        let filter = filter_request(filter, saved_filter);
        let fields = limit.zip(after).zip(order).ok_or(violations);
        let (((limit, after), order), filter) = Error::both(fields, filter)?;
        Ok(Self {
            filter,
            show: Show {
                completed: show_completed,
                deleted: show_deleted,
                hidden: show_hidden,
            },
            order,
            after,
            limit,
        })
    }
}

/// Reads which tasks a call asks for.
pub fn filter_request(filter: String, saved_filter: String) -> Result<FilterRequest, Error> {
    let parsed = Filter::parse(&filter).map_err(|error| Error::InvalidFilter {
        field: "filter",
        error,
    })?;
    Ok(FilterRequest {
        text: filter,
        parsed,
        saved_filter,
    })
}

/// Reads where a page begins.
pub fn page_end<P: DeserializeOwned>(token: &str) -> Result<Option<PageEnd<P>>, InvalidPageToken> {
    if token.is_empty() {
        return Ok(None);
    }
    let Token {
        after,
        now,
        zone,
        list,
    } = page::decode(token)?;
    let time = KeyValue::Number(now).time().ok_or(InvalidPageToken)?;
    let zone = TimeZone::parse(&zone).map_err(|_| InvalidPageToken)?;
    Ok(Some(PageEnd {
        place: after,
        context: EvalContext { time, zone },
        fingerprint: list,
    }))
}

/// Returns the token of the page that follows; empty if there is none.
pub fn page_token<P: Clone + Serialize>(end: Option<&PageEnd<P>>) -> String {
    let token = end.map(|end| {
        page::encode(&Token {
            after: end.place.clone(),
            now: end.context.time.timestamp_micros(),
            zone: end.context.zone.to_string(),
            list: end.fingerprint,
        })
    });
    token.unwrap_or_default()
}

impl From<&TaskPage> for pb::ListTasksResponse {
    fn from(page: &TaskPage) -> Self {
        let TaskPage { tasks, end } = page;
        Self {
            tasks: tasks.iter().map(Into::into).collect(),
            next_page_token: page_token(end.as_ref()),
        }
    }
}
