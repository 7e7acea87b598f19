//! Marks a delivery as being handed over.

use std::time::Duration;

use crate::{
    app::App,
    domain::delivery::{Claim, DeliveryState},
    error::Error,
    store,
};

/// Marks the delivery as being sent. Without an outcome within `patience` it becomes unknown.
///
/// Returns false if the claim has run out; the delivery must not be handed over then.
pub async fn begin_sending(app: &App, claim: &Claim, patience: Duration) -> Result<bool, Error> {
    Ok(app
        .database
        .transaction("begin_sending", async |tx| {
            store::delivery::update(tx, claim, DeliveryState::Sending, Some(patience), None).await
        })
        .await?)
}
