//! Claims deliveries, so that of all processes one tries each.

use std::time::Duration;

use crate::{
    app::App,
    domain::preferences::Preferences,
    error::Error,
    store::{self, delivery_claim::ClaimedDelivery},
};

/// A delivery to be tried now, by the holder of its claim.
#[derive(Debug)]
pub struct DueDelivery {
    /// The delivery.
    pub claimed: ClaimedDelivery,
    /// Preferences as of the claim.
    pub preferences: Preferences,
}

/// Claimed deliveries.
#[derive(Debug)]
pub struct Claimed {
    pub due: Vec<DueDelivery>,
    /// If none was claimed: in how many microseconds the next one needs attention, less than zero if one is overdue; nothing if
    /// all are settled.
    pub next_in_us: Option<i64>,
}

/// Claims up to `limit` deliveries that need attention, for as long as `patience`.
pub async fn claim_deliveries(app: &App, patience: Duration, limit: i64) -> Result<Claimed, Error> {
    let claim_id = app.ids.uuid_v7();
    app.database
        .transaction("claim_deliveries", async |tx| {
            let claimed =
                store::delivery_claim::update_claimed(tx, claim_id, patience, limit).await?;
            if claimed.is_empty() {
                let next_in_us = store::delivery_claim::find_next_in(tx).await?;
                let due = Vec::new();
                return Ok(Claimed { due, next_in_us });
            }
            let user_ids: Vec<_> = claimed
                .iter()
                .map(|delivery| &delivery.claim.user_id)
                .collect();
            let preferences = store::preferences::list_of(tx, &user_ids).await?;
            let due = claimed.into_iter().map(|claimed| DueDelivery {
                preferences: preferences
                    .get(&claimed.claim.user_id)
                    .cloned()
                    .unwrap_or_default(),
                claimed,
            });
            Ok(Claimed {
                due: due.collect(),
                next_in_us: None,
            })
        })
        .await
}
