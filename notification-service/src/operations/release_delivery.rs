//! Gives a delivery back that was not handed over.

use std::time::Duration;

use crate::{
    app::App,
    domain::delivery::{Claim, DeliveryState},
    error::Error,
    store,
};

/// Gives up a claim on a delivery that was surely not accepted, so that it is tried (again) after a wait.
///
/// Returns false if the claim had run out.
pub async fn release_delivery(
    app: &App,
    claim: &Claim,
    wait: Duration,
    reason: &str,
) -> Result<bool, Error> {
    Ok(app
        .database
        .transaction("release_delivery", async |tx| {
            let state = DeliveryState::Pending;
            store::delivery::update(tx, claim, state, Some(wait), Some(reason)).await
        })
        .await?)
}
