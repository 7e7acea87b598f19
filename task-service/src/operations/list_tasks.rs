use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::{
    filtering::{self, EvalContext, FilterRequest, ResolvedFilter},
    page_bytes::fitting,
    query::Query,
};
use crate::{
    app::App,
    domain::{Order, Place, Task},
    error::Error,
    store::task_list::{self, Page, Show},
};

/// Lists tasks.
#[derive(Debug, Clone)]
pub struct ListTasks {
    /// Filter.
    pub filter: FilterRequest,
    /// Tasks to include that are left out by default.
    pub show: Show,
    /// In which order.
    pub order: Order,
    /// End of the previous page; none for the first page.
    pub after: Option<PageEnd<Place>>,
    /// Maximum number.
    pub limit: i64,
}

/// End of a page, and the list or search that it belongs to.
#[derive(Debug, Clone)]
pub struct PageEnd<P> {
    /// Position of the last task.
    pub place: P,
    /// When and where the first page was asked for, so that "today" is the same on all pages.
    pub context: EvalContext,
    /// Hash of the parameters of the list or search.
    pub fingerprint: u64,
}

/// Page of tasks.
#[derive(Debug)]
pub struct TaskPage {
    /// Tasks.
    pub tasks: Vec<Task>,
    /// End of the page, if there is another one.
    pub end: Option<PageEnd<Place>>,
}

impl Query for ListTasks {
    type Answer = TaskPage;

    async fn run(&self, app: &App, caller: &Caller) -> Result<TaskPage, Error> {
        app.database
            .read("list_tasks", async |tx: &mut AsyncPgConnection| {
                page(app, tx, caller, self).await
            })
            .await
    }
}

async fn page(
    app: &App,
    tx: &mut AsyncPgConnection,
    caller: &Caller,
    list: &ListTasks,
) -> Result<TaskPage, Error> {
    let user_id = &caller.user_id;
    let now = app.clock.now();
    let context = list.after.as_ref().map(|end| end.context.clone());
    let filter = filtering::resolve(tx, user_id, &list.filter, now, context).await?;
    let fingerprint = fingerprint(caller, list, &filter);
    if let Some(end) = &list.after
        && (end.fingerprint != fingerprint || !end.place.fits(&list.order))
    {
        let wrong = "belongs to another list: repeat filter, saved_filter, order_by and what is shown as on the first page, or leave the \
                     token out to begin anew";
        return Err(Error::field("page_token", wrong));
    }
    let page = Page {
        condition: &filter.condition,
        show: list.show,
        order: &list.order,
        after: list.after.as_ref().map(|end| &end.place),
        // One more than requested shows whether there is another page.
        limit: list.limit + 1,
    };
    let mut tasks = task_list::find_page(tx, &page).await?;
    let asked_for = usize::try_from(list.limit).unwrap_or(usize::MAX);
    let shown = fitting(&tasks).min(asked_for);
    let has_more = tasks.len() > shown;
    tasks.truncate(shown);
    let end = tasks.last().filter(|_| has_more).map(|last| PageEnd {
        place: Place::of(last, &list.order),
        context: filter.context,
        fingerprint,
    });
    Ok(TaskPage { tasks, end })
}

/// Returns a hash of a list's parameters.
fn fingerprint(caller: &Caller, list: &ListTasks, filter: &ResolvedFilter) -> u64 {
    let Show {
        completed,
        deleted,
        hidden,
    } = list.show;
    let order = list.order.to_string();
    let shown = format!("{completed} {deleted} {hidden}");
    filtering::fingerprint(&[
        caller.user_id.as_ref(),
        &list.filter.text,
        &filter.saved_text,
        &order,
        &shown,
    ])
}
