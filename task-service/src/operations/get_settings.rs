use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::query::Query;
use crate::{app::App, domain::Settings, error::Error, store};

/// Returns the settings of the caller.
#[derive(Debug, Clone, Copy)]
pub struct GetSettings;

impl Query for GetSettings {
    type Answer = Settings;

    async fn run(&self, app: &App, caller: &Caller) -> Result<Settings, Error> {
        app.database
            .read("get_settings", async |tx: &mut AsyncPgConnection| {
                store::settings::find(tx, &caller.user_id)
                    .await
                    .map_err(Error::from)
            })
            .await
    }
}
