use chrono::{DateTime, NaiveDateTime, Utc};
use service_runtime::{
    grpc::Caller,
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};

use super::query::Query;
use crate::{
    app::App,
    domain::{NamedKind, Settings},
    error::Error,
    store::{self, context::Counts},
};

/// Maximum number of names of a kind.
const MOST_NAMES: i64 = 100;

/// Information that a client or an agent needs first.
#[derive(Debug)]
pub struct Context {
    /// Caller.
    pub user_id: String,
    /// The time.
    pub now: DateTime<Utc>,
    /// Local time of the user.
    pub local: NaiveDateTime,
    /// The user's settings.
    pub settings: Settings,
    /// The names of the user's categories.
    pub categories: Vec<String>,
    /// The names of the user's saved filters.
    pub saved_filters: Vec<String>,
    /// Numbers of open tasks.
    pub counts: Counts,
}

/// Returns the context of a client or an agent.
#[derive(Debug, Clone, Copy)]
pub struct GetContext;

impl Query for GetContext {
    type Answer = Context;

    async fn run(&self, app: &App, caller: &Caller) -> Result<Context, Error> {
        let now = app.clock.now();
        let user_id = &caller.user_id;
        app.database
            .read("get_context", async |tx: &mut AsyncPgConnection| {
                let settings = store::settings::find(tx, user_id).await?;
                let local = settings.time_zone.local(now);
                Ok::<_, Error>(Context {
                    user_id: user_id.to_string(),
                    now,
                    local,
                    settings,
                    categories: names(tx, user_id, NamedKind::Category).await?,
                    saved_filters: names(tx, user_id, NamedKind::SavedFilter).await?,
                    counts: store::context::counts(tx, user_id, now, local.date()).await?,
                })
            })
            .await
    }
}

async fn names(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: NamedKind,
) -> Result<Vec<String>, DatabaseError> {
    let named = store::named::list(tx, user_id, kind, "", MOST_NAMES).await?;
    Ok(named
        .into_iter()
        .map(|named| named.name.to_string())
        .collect())
}
