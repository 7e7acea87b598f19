//! Reports what a user did in a period, and whether the records of it are whole.

use service_runtime::ids::UserId;

use super::{Verified, verify_chain};
use crate::{
    app::App,
    domain::activity::{Activity, ActivityCount, Period},
    error::Error,
    store::record_page::{self, Place, RecordQuery},
};

const AT_ONCE: i64 = 1_000;

/// Activity of a user and the verification of the records.
#[derive(Debug)]
pub struct ActivityReport {
    pub activity: Activity,
    /// Verification of the records.
    pub verified: Verified,
}

/// Reports what a user did. What tasks were like at a time follows from all that is recorded of them before.
pub async fn get_activity_report(
    app: &App,
    user_id: &UserId,
    period: Period,
) -> Result<ActivityReport, Error> {
    let mut count = ActivityCount::new(period);
    let mut query = RecordQuery {
        user_id: Some(user_id.clone()),
        limit: AT_ONCE,
        ..RecordQuery::default()
    };
    loop {
        let records = app
            .database
            .read("get_activity_report", async |tx| {
                record_page::list(tx, &query).await
            })
            .await?;
        let goes_on = records.iter().all(|record| count.push(record));
        let Some(last) = records.last().filter(|_| goes_on) else {
            break;
        };
        query.after = Some(Place::from(last));
    }
    Ok(ActivityReport {
        activity: count.finish(app.clock.now()),
        verified: verify_chain(app, user_id).await?,
    })
}
