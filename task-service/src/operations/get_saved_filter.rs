use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::update_saved_filter::not_found;
use crate::{
    App,
    domain::{SavedFilter, SavedFilterId},
    error::Error,
    store,
};

/// Returns one saved filter, also a deleted one.
#[tracing::instrument(name = "operation.get_saved_filter", skip_all)]
pub async fn get_saved_filter(
    app: &App,
    caller: &Caller,
    id: SavedFilterId,
) -> Result<SavedFilter, Error> {
    app.database
        .read("get_saved_filter", async |tx: &mut AsyncPgConnection| {
            store::saved_filter::find(tx, &caller.user_id, id)
                .await?
                .ok_or_else(|| not_found(id))
        })
        .await
}
