use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::query::Query;
use crate::{
    app::App,
    domain::{NamedKind, NamedResource},
    error::Error,
    store,
};

/// Returns a page of categories, tags or saved filters in alphabetical order.
#[derive(Debug, Clone)]
pub struct ListNamed {
    /// Kind.
    pub kind: NamedKind,
    /// Key of the name after which the page begins; empty for the first page.
    pub after: String,
    /// Maximum number.
    pub limit: i64,
}

/// Page of categories, tags or saved filters.
#[derive(Debug)]
pub struct NamedPage {
    /// Resources.
    pub resources: Vec<NamedResource>,
    /// Key of the last name, if there is another page.
    pub next: Option<String>,
}

impl Query for ListNamed {
    type Answer = NamedPage;

    async fn run(&self, app: &App, caller: &Caller) -> Result<NamedPage, Error> {
        // One more than requested shows whether there is another page.
        let mut resources = app
            .database
            .read("list_named", async |tx: &mut AsyncPgConnection| {
                store::named::list(tx, &caller.user_id, self.kind, &self.after, self.limit + 1)
                    .await
                    .map_err(Error::from)
            })
            .await?;
        let requested = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = resources.len() > requested;
        resources.truncate(requested);
        let last = resources.last().filter(|_| has_more);
        Ok(NamedPage {
            next: last.map(|last| last.name.key().as_ref().to_owned()),
            resources,
        })
    }
}
