use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};
use uuid::Uuid;

use crate::{
    App,
    domain::{Label, LabelKind},
    error::Error,
    store,
};

/// Returns one category or tag, also a deleted one.
#[tracing::instrument(name = "operation.get_label", skip_all)]
pub async fn get_label(
    app: &App,
    caller: &Caller,
    kind: LabelKind,
    id: Uuid,
) -> Result<Label, Error> {
    app.database
        .read("get_label", async |tx: &mut AsyncPgConnection| {
            store::label::find(tx, &caller.user_id, kind, id, false)
                .await?
                .ok_or(Error::LabelNotFound {
                    kind: kind.word(),
                    id,
                })
        })
        .await
}
