use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};
use uuid::Uuid;

use super::{query::Query, update_named::not_found};
use crate::{
    app::App,
    domain::{NamedKind, NamedResource},
    error::Error,
    store,
};

/// Returns a category, tag or saved filter, also a deleted one.
#[derive(Debug, Clone, Copy)]
pub struct GetNamed {
    /// Kind.
    pub kind: NamedKind,
    /// Id.
    pub id: Uuid,
}

impl Query for GetNamed {
    type Answer = NamedResource;

    async fn run(&self, app: &App, caller: &Caller) -> Result<NamedResource, Error> {
        let Self { kind, id } = *self;
        app.database
            .read("get_named", async |tx: &mut AsyncPgConnection| {
                let found = store::named::find(tx, &caller.user_id, kind, id, false).await?;
                found.ok_or_else(|| not_found(kind, id))
            })
            .await
    }
}
