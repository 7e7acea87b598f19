//! Prepares the channels for reminders that are about to fire.

use std::time::Duration;

use service_runtime::BoxError;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{app::App, domain::delivery::Refusal};

/// Delay after a channel was not ready.
const PAUSE: Duration = Duration::from_secs(1);

/// Warms up all channels whenever a reminder is due soon, until the service stops. A channel that cannot be prepared is left to the
/// deliveries themselves, which retry.
pub async fn warm_up_channels(app: App, stopping: CancellationToken) -> Result<(), BoxError> {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = app.due_soon.notified() => {}
        }
        let warming = async {
            for channel in app.channels.iter() {
                let warm = tokio::time::timeout(channel.patience(), channel.warm_up()).await;
                if let Ok(Err(Refusal::Transient(reason) | Refusal::Permanent(reason))) = warm {
                    debug!("preparing {:?} failed: {reason}", channel.kind());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = warming => {}
        }
    }
}
