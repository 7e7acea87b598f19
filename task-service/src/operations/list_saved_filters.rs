use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::LabelPage;
use crate::{App, domain::SavedFilter, error::Error, store};

/// Returns one page in alphabetical order, and the page after it if there is one.
#[tracing::instrument(name = "operation.list_saved_filters", skip_all)]
pub async fn list_saved_filters(
    app: &App,
    caller: &Caller,
    page: LabelPage,
) -> Result<(Vec<SavedFilter>, Option<LabelPage>), Error> {
    // One more than asked for tells whether there is another page.
    let mut filters = app
        .database
        .read("list_saved_filters", async |tx: &mut AsyncPgConnection| {
            store::saved_filter::list(tx, &caller.user_id, &page.after, page.limit + 1)
                .await
                .map_err(Error::from)
        })
        .await?;
    let asked_for = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = filters.len() > asked_for;
    filters.truncate(asked_for);
    let next = filters.last().filter(|_| has_more).map(|last| LabelPage {
        after: last.name.key().as_ref().to_owned(),
        ..page
    });
    Ok((filters, next))
}
