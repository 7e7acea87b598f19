use service_runtime::grpc::Caller;

use super::query::Query;
use crate::{app::App, domain::Settings, error::Error, store};

/// Returns the settings of the caller.
#[derive(Debug, Clone, Copy)]
pub struct GetSettings;

impl Query for GetSettings {
    type Answer = Settings;

    async fn run(&self, app: &App, caller: &Caller) -> Result<Settings, Error> {
        Ok(store::settings::read(&app.database, "get_settings", &caller.user_id).await?)
    }
}
