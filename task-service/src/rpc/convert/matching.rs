//! Which of some tasks match a filter.

use service_runtime::page;
use taskmesh_proto::task::v1 as pb;

use super::{list::wish, request::id};
use crate::{
    domain::{TaskId, Violations},
    error::Error,
    operations::MatchTasks,
};

impl TryFrom<pb::MatchTasksRequest> for MatchTasks {
    type Error = Error;

    fn try_from(message: pb::MatchTasksRequest) -> Result<Self, Error> {
        let pb::MatchTasksRequest {
            task_ids,
            filter,
            saved_filter,
            show_completed,
        } = message;
        let most = usize::try_from(page::LARGEST).unwrap_or_default();
        let mut violations = Violations::default();
        if task_ids.len() > most {
            let wrong = format!("has {}; ask for up to {most} at once", task_ids.len());
            violations.push("task_ids", wrong);
            return Err(violations.into());
        }
        let task_ids = task_ids.iter().map(|text| id("task_ids", text));
        Ok(Self {
            task_ids: task_ids.collect::<Result<_, Violations>>()?,
            wish: wish(filter, saved_filter)?,
            show_completed,
        })
    }
}

/// Returns the tasks that match.
pub fn matching(ids: &[TaskId]) -> pb::MatchTasksResponse {
    pb::MatchTasksResponse {
        task_ids: ids.iter().map(ToString::to_string).collect(),
    }
}
