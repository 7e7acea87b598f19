//! Page tokens of the list of tasks.

use serde::{Deserialize, Serialize};
use service_runtime::page;
use taskmesh_proto::task::v1 as pb;

use crate::{
    domain::{TaskId, Violations},
    store::task_page::Page,
};

/// Where a list goes on, and for which filters that place is meant.
#[derive(Serialize, Deserialize)]
struct Place {
    before: TaskId,
    show_completed: bool,
    show_deleted: bool,
}

impl TryFrom<pb::ListTasksRequest> for Page {
    type Error = Violations;

    fn try_from(message: pb::ListTasksRequest) -> Result<Self, Violations> {
        let pb::ListTasksRequest {
            page_size,
            page_token,
            show_completed,
            show_deleted,
        } = message;
        let size = page::size(page_size).map_err(Violations::from);
        let before = place(&page_token, show_completed, show_deleted);
        Violations::both(size, before).map(|(limit, before)| Self {
            before,
            show_completed,
            show_deleted,
            limit,
        })
    }
}

fn place(
    token: &str,
    show_completed: bool,
    show_deleted: bool,
) -> Result<Option<TaskId>, Violations> {
    let mut violations = Violations::default();
    if token.is_empty() {
        return Ok(None);
    }
    match violations.check("page_token", page::decode::<Place>(token)) {
        Some(place)
            if (place.show_completed, place.show_deleted) != (show_completed, show_deleted) =>
        {
            violations.push(
                "page_token",
                "belongs to a list with another show_completed or show_deleted; \
             repeat those of the first page, or leave the token out to begin anew",
            )
        }
        Some(place) => return Ok(Some(place.before)),
        None => {}
    }
    Err(violations)
}

/// Returns the token of a page; empty if there is none.
pub fn page_token(next: Option<Page>) -> String {
    let place = next.and_then(|page| {
        Some(Place {
            before: page.before?,
            show_completed: page.show_completed,
            show_deleted: page.show_deleted,
        })
    });
    place.map(|place| page::encode(&place)).unwrap_or_default()
}
