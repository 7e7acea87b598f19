use service_runtime::grpc::Caller;

use super::filtering::{self, Wish};
use crate::{App, domain::TaskId, error::Error, store};

/// The only service that may ask.
const REALTIME_SERVICE: &str = "realtime-service";

/// Which of some tasks match a filter.
#[derive(Debug, Clone)]
pub struct MatchTasks {
    /// The tasks.
    pub task_ids: Vec<TaskId>,
    /// The filter.
    pub wish: Wish,
    /// Whether completed tasks match, unless the filter decides.
    pub show_completed: bool,
}

/// Lets only the realtime-service through.
pub fn authorize(caller: &Caller) -> Result<(), Error> {
    match caller.service.as_deref() == Some(REALTIME_SERVICE) {
        true => Ok(()),
        false => Err(Error::NotTheRealtimeService),
    }
}

/// Returns those of the tasks that match; fails if the filter is wrong, also if no task is given.
#[tracing::instrument(name = "operation.match_tasks", skip_all)]
pub async fn match_tasks(
    app: &App,
    caller: &Caller,
    wanted: &MatchTasks,
) -> Result<Vec<TaskId>, Error> {
    let now = app.clock.now();
    app.database
        .read("match_tasks", async |tx| {
            let user_id = &caller.user_id;
            let meaning = filtering::meaning(tx, user_id, &wanted.wish, now, None).await?;
            let (ids, condition) = (&wanted.task_ids, &meaning.condition);
            let matching =
                store::task_match::list_matching(tx, condition, ids, wanted.show_completed).await?;
            Ok::<_, Error>(matching)
        })
        .await
}
