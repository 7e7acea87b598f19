use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::{Task, TaskId},
    error::Error,
    store,
};

/// Returns one task, also a deleted one.
#[tracing::instrument(name = "operation.get_task", skip_all, fields(task.id = %task_id))]
pub async fn get_task(app: &App, caller: &Caller, task_id: TaskId) -> Result<Task, Error> {
    app.database
        .read("get_task", async |tx: &mut AsyncPgConnection| {
            store::task::find(tx, &caller.user_id, task_id)
                .await?
                .ok_or(Error::TaskNotFound(task_id))
        })
        .await
}
