use chrono::{DateTime, NaiveDateTime, Utc};
use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::{LabelKind, Settings},
    error::Error,
    store::{self, context::Counts},
};

/// How many names of a kind are shown.
const MOST_NAMES: i64 = 100;

/// What a client or an agent should know before anything else.
#[derive(Debug)]
pub struct Context {
    /// Who asks.
    pub user_id: String,
    /// The time.
    pub now: DateTime<Utc>,
    /// What the user's clocks show.
    pub local: NaiveDateTime,
    /// The user's settings.
    pub settings: Settings,
    /// The names of the user's categories.
    pub categories: Vec<String>,
    /// The names of the user's saved filters.
    pub saved_filters: Vec<String>,
    /// How much there is to do.
    pub counts: Counts,
}

/// Returns what a client or an agent should know before anything else.
#[tracing::instrument(name = "operation.get_context", skip_all)]
pub async fn get_context(app: &App, caller: &Caller) -> Result<Context, Error> {
    let now = app.clock.now();
    let user_id = &caller.user_id;
    app.database
        .read("get_context", async |tx: &mut AsyncPgConnection| {
            let settings = store::settings::find(tx, user_id).await?;
            let local = settings.time_zone.local(now);
            let kind = LabelKind::Category;
            let categories = store::label::list(tx, user_id, kind, "", MOST_NAMES).await?;
            Ok::<_, Error>(Context {
                user_id: user_id.to_string(),
                now,
                local,
                settings,
                categories: categories
                    .into_iter()
                    .map(|category| category.name.to_string())
                    .collect(),
                saved_filters: store::context::saved_filter_names(tx, user_id, MOST_NAMES).await?,
                counts: store::context::counts(tx, user_id, now, local.date()).await?,
            })
        })
        .await
}
