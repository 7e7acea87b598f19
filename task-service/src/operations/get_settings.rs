use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{App, domain::Settings, error::Error, store};

/// Returns the caller's settings.
#[tracing::instrument(name = "operation.get_settings", skip_all)]
pub async fn get_settings(app: &App, caller: &Caller) -> Result<Settings, Error> {
    app.database
        .read("get_settings", async |tx: &mut AsyncPgConnection| {
            store::settings::find(tx, &caller.user_id)
                .await
                .map_err(Error::from)
        })
        .await
}
