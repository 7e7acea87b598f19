use std::{collections::VecDeque, sync::Arc};

use service_runtime::{
    grpc::{ApiError, FieldViolation},
    ids::UserId,
};

use super::{
    Watching,
    catch_up::{CatchUp, catch_up},
    snapshot::Snapshot,
    stream_filter::StreamFilter,
    watching::Phase,
};
use crate::{app::App, domain::Matching, error::Error, metrics};

/// Request to stream changes.
#[derive(Debug, Clone)]
pub struct Watch {
    pub start: Start,
    pub matching: Matching,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    Now,
    /// Snapshot of the current state, then changes.
    Snapshot,
    /// Changes after the message with this resume token.
    Behind(String),
}

/// Starts a stream of a user's changes.
#[tracing::instrument(name = "operation.watch", skip_all)]
pub async fn watch(app: &Arc<App>, user: UserId, wanted: Watch) -> Result<Watching, Error> {
    let begun = begin(app, user, wanted).await;
    begun.inspect_err(|error| metrics::refused(error.reason()))
}

async fn begin(app: &Arc<App>, user: UserId, wanted: Watch) -> Result<Watching, Error> {
    let Watch { start, matching } = wanted;
    let permit = app.streams.open(&user)?;
    let position = match &start {
        Start::Behind(token) => Some(app.keys.open(&user, token).map_err(|invalid| {
            Error::InvalidFields(vec![FieldViolation::new(
                "resume_token",
                invalid.to_string(),
            )])
        })?),
        Start::Now | Start::Snapshot => None,
    };
    let log = app.feed.log_of(&user).await?;
    let (subscription, phase) = match position {
        Some(position) => match catch_up(app, &user, &log, position).await? {
            CatchUp::Behind(subscription, past) => (
                subscription,
                Phase::Begin {
                    behind: position,
                    past,
                },
            ),
            CatchUp::Missed(reason) => (log.subscribe(&user), Phase::Resync(reason)),
        },
        None => {
            // The position comes first: changes committed from now on follow it.
            let subscription = log.subscribe(&user);
            let phase = match start {
                Start::Snapshot => Phase::Snapshot(Snapshot::default()),
                _ => Phase::Begin {
                    behind: subscription.position(),
                    past: Vec::new(),
                },
            };
            (subscription, phase)
        }
    };
    // After the subscription, which reports later changes of the saved filter and of the settings.
    let filter = StreamFilter::resolve(app, &user, &matching).await?;
    Ok(Watching {
        app: Arc::clone(app),
        user,
        matching,
        filter,
        subscription,
        phase,
        prepared: VecDeque::new(),
        _permit: permit,
    })
}
