//! Returns how a user wants to be reminded.

use service_runtime::grpc::Caller;

use crate::{app::App, domain::preferences::Preferences, error::Error, store};

/// Returns the caller's preferences, the defaults if they have changed nothing.
pub async fn get_preferences(app: &App, caller: &Caller) -> Result<Preferences, Error> {
    let found = app
        .database
        .transaction("get_preferences", async |tx| {
            store::preferences::find(tx, &caller.user_id).await
        })
        .await?;
    Ok(found.unwrap_or_default())
}
