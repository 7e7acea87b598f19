//! Filtered and ordered lists of tasks.
//!
//! If the filter asks for something that few tasks have, these are all that is read. Else a page is found in up to three steps, so
//! that it costs about the same whatever the filter and however long the list:
//!
//! 1. Walk along the index of the order for a bounded number of tasks and keep those that match. That fills the page unless the
//!    matches are few or lie far away.
//! 2. If it did not, find up to a bounded number of matches by whatever index the planner likes, and sort them.
//! 3. If they are more than that, they lie far away: walk on without a bound.

mod column;
mod few;
mod gather;
mod keyset;
mod row;
mod scope;
mod segment;
#[cfg(test)]
mod tests;
mod walk;

use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;

use super::{filter_condition::Condition, related, task_row::StoredTask};
use crate::domain::{Order, Place, Task};
use scope::Scope;
use segment::segments;

pub use scope::Show;

const WALKS_BEFORE_GATHERING: usize = 2;

/// A part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Filter.
    pub condition: &'a Condition,
    /// Tasks to include that are left out by default.
    pub show: Show,
    /// In which order.
    pub order: &'a Order,
    /// Behind which place; from the beginning if absent.
    pub after: Option<&'a Place>,
    /// Maximum number.
    pub limit: i64,
}

impl Page<'_> {
    /// Returns whether tasks are left out that are in the scope.
    fn has_filter(&self) -> bool {
        !self.condition.filter.terms().is_empty()
    }
}

/// Reads the tasks of a page, in order.
#[tracing::instrument(name = "store.task_list.find_page", level = "debug", skip_all)]
pub async fn find_page(
    tx: &mut AsyncPgConnection,
    page: &Page<'_>,
) -> Result<Vec<Task>, DatabaseError> {
    let rows = find_rows(tx, page).await?;
    related::complete(tx, rows).await
}

async fn find_rows(
    tx: &mut AsyncPgConnection,
    page: &Page<'_>,
) -> Result<Vec<StoredTask>, DatabaseError> {
    let Some(scope) = Scope::of(page) else {
        return Ok(Vec::new());
    };
    if let Some(all) = few::all(tx, page, &scope).await? {
        return Ok(all);
    }
    let bound = walk::bound(page);
    let mut has_gathered = false;
    let mut tasks = Vec::new();
    for (number, segment) in segments(page).iter().enumerate() {
        // So many short stretches are rather a short list.
        if number == WALKS_BEFORE_GATHERING && !has_gathered {
            has_gathered = true;
            if let Some(all) = gather::all(tx, page, &scope, None).await? {
                return Ok(all);
            }
        }
        let missing = page.limit - i64::try_from(tasks.len()).unwrap_or(page.limit);
        let mut walked = walk::along(tx, page, &scope, segment, bound, missing).await?;
        if !walked.is_complete {
            if !has_gathered {
                has_gathered = true;
                if let Some(all) = gather::all(tx, page, &scope, None).await? {
                    return Ok(all);
                }
            }
            walked = walk::along(tx, page, &scope, segment, i64::MAX, missing).await?;
        }
        tasks.append(&mut walked.tasks);
        if i64::try_from(tasks.len()).is_ok_and(|count| count >= page.limit) {
            break;
        }
    }
    Ok(tasks)
}
