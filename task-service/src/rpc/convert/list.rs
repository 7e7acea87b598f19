//! Lists of tasks, and the tokens of their pages.

use serde::{Deserialize, Serialize};
use service_runtime::page::{self, InvalidPageToken};
use taskmesh_proto::task::v1 as pb;

use crate::{
    domain::{KeyValue, Order, Place, TimeZone, Violations, filter::Filter},
    error::Error,
    operations::{
        filtering::{EvalContext, FilterRequest},
        list_tasks::{ListTasks, PageEnd, TaskPage},
    },
    store::task_list::Show,
};

/// Page token of a list.
#[derive(Serialize, Deserialize)]
struct Token {
    after: Place,
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
        let limit = page::size(page_size)
            .map_err(|violation| violations.extend(violation.into()))
            .ok();
        let after = violations.check("page_token", page_end(&page_token));
        let order = violations.check("order_by", Order::parse(&order_by));
        let filter = filter_request(filter, saved_filter);
        match (limit, after, order, filter) {
            (Some(limit), Some(after), Some(order), filter) => Ok(Self {
                filter: filter?,
                show: Show {
                    completed: show_completed,
                    deleted: show_deleted,
                    hidden: show_hidden,
                },
                order,
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

fn page_end(token: &str) -> Result<Option<PageEnd>, InvalidPageToken> {
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

impl From<&TaskPage> for pb::ListTasksResponse {
    fn from(page: &TaskPage) -> Self {
        let TaskPage { tasks, end } = page;
        let token = end.as_ref().map(|end| {
            page::encode(&Token {
                after: end.place.clone(),
                now: end.context.time.timestamp_micros(),
                zone: end.context.zone.to_string(),
                list: end.fingerprint,
            })
        });
        Self {
            tasks: tasks.iter().map(Into::into).collect(),
            next_page_token: token.unwrap_or_default(),
        }
    }
}
