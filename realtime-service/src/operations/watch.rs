use std::sync::Arc;

use service_runtime::{
    grpc::{ApiError, FieldViolation},
    ids::UserId,
};

use super::{
    Watching,
    catch_up::{Begun, catch_up},
    snapshot::Snapshot,
    watching::Phase,
};
use crate::{
    app::App,
    domain::Matching,
    error::Error,
    feed::{NotReady, TooMany},
    metrics,
};

/// What to tell a client.
#[derive(Debug, Clone)]
pub struct Watch {
    /// From where on.
    pub start: Start,
    /// Which tasks.
    pub matching: Matching,
}

/// Where a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the changes from now on.
    Now,
    /// With what there is.
    Snapshot,
    /// Behind the message that had this resume token.
    Behind(String),
}

/// Begins a stream of a user's changes.
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
    if !matching.is_everything() {
        // A filter that is wrong is refused before anything is said.
        app.tasks.matching(&user, &matching, Vec::new()).await?;
    }
    let log = app.feed.log_of(&user).await?;
    let (subscription, phase) = match position {
        Some(position) => match catch_up(app, &user, &log, position).await? {
            Begun::Behind(subscription, past) => (
                subscription,
                Phase::Begin {
                    behind: position,
                    past,
                },
            ),
            Begun::Missed(reason) => (log.subscribe(&user), Phase::Resync(reason)),
        },
        None => {
            // The position comes first: what is committed from now on is told behind it.
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
    Ok(Watching::new(
        Arc::clone(app),
        user,
        matching,
        subscription,
        phase,
        permit,
    ))
}

impl From<TooMany> for Error {
    fn from(too_many: TooMany) -> Self {
        match too_many {
            TooMany::OfUser(most) => Self::TooManyStreamsOfUser(most),
            TooMany::OfAll => Self::TooManyStreams,
        }
    }
}

impl From<NotReady> for Error {
    fn from(NotReady: NotReady) -> Self {
        Self::NotReady
    }
}
