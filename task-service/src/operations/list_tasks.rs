use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::Task,
    error::Error,
    store::task_page::{self, Page},
};

/// Returns one page of tasks, the newest first, and the page after it if there is one.
#[tracing::instrument(name = "operation.list_tasks", skip_all)]
pub async fn list_tasks(
    app: &App,
    caller: &Caller,
    page: Page,
) -> Result<(Vec<Task>, Option<Page>), Error> {
    // One more than asked for tells whether there is another page.
    let probe = Page {
        limit: page.limit + 1,
        ..page
    };
    let mut tasks = app
        .database
        .transaction("list_tasks", async |tx: &mut AsyncPgConnection| {
            task_page::list_page(tx, &caller.user_id, probe)
                .await
                .map_err(Error::from)
        })
        .await?;
    let asked_for = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = tasks.len() > asked_for;
    tasks.truncate(asked_for);
    let next = tasks.last().filter(|_| has_more).map(|last| Page {
        before: Some(last.id),
        ..page
    });
    Ok((tasks, next))
}
