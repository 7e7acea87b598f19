use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::{Label, LabelKind},
    error::Error,
    store,
};

/// Which categories or tags to return.
#[derive(Debug, Clone)]
pub struct LabelPage {
    /// Only those whose names are compared as later than this; empty for the first page.
    pub after: String,
    /// How many at most.
    pub limit: i64,
}

/// Returns one page in alphabetical order, and the page after it if there is one.
#[tracing::instrument(name = "operation.list_labels", skip_all)]
pub async fn list_labels(
    app: &App,
    caller: &Caller,
    kind: LabelKind,
    page: LabelPage,
) -> Result<(Vec<Label>, Option<LabelPage>), Error> {
    // One more than asked for tells whether there is another page.
    let mut labels = app
        .database
        .read("list_labels", async |tx: &mut AsyncPgConnection| {
            store::label::list(tx, &caller.user_id, kind, &page.after, page.limit + 1)
                .await
                .map_err(Error::from)
        })
        .await?;
    let asked_for = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = labels.len() > asked_for;
    labels.truncate(asked_for);
    let next = labels.last().filter(|_| has_more).map(|last| LabelPage {
        after: last.name.key().as_ref().to_owned(),
        ..page
    });
    Ok((labels, next))
}
