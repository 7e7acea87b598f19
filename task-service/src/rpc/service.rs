use service_runtime::grpc::{accept, status};
use taskmesh_proto::task::v1::{self as pb, task_service_server::TaskService};
use tonic::{Request, Response, Status};

use super::convert;
use crate::{App, domain::Task, error::Error, operations};

/// Answers the calls: accepts, operates, answers, and nothing else.
pub struct Rpc(pub App);

#[tonic::async_trait]
impl TaskService for Rpc {
    async fn create_task(
        &self,
        request: Request<pb::CreateTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        answer(operations::create_task(&self.0, &caller, message.into()).await)
    }

    async fn get_task(
        &self,
        request: Request<pb::GetTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let task_id = convert::task_id(message).map_err(refuse)?;
        answer(operations::get_task(&self.0, &caller, task_id).await)
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>, Status> {
        let (caller, message) = accept(request)?;
        let page = message.try_into().map_err(refuse)?;
        let (tasks, next) = operations::list_tasks(&self.0, &caller, page)
            .await
            .map_err(refuse)?;
        Ok(Response::new(convert::list_answer(&tasks, next)))
    }

    async fn update_task(
        &self,
        request: Request<pb::UpdateTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let input = message.try_into().map_err(refuse)?;
        answer(operations::update_task(&self.0, &caller, input).await)
    }

    async fn complete_task(
        &self,
        request: Request<pb::CompleteTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = message.try_into().map_err(refuse)?;
        answer(operations::complete_task(&self.0, &caller, target).await)
    }

    async fn reopen_task(
        &self,
        request: Request<pb::ReopenTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = message.try_into().map_err(refuse)?;
        answer(operations::reopen_task(&self.0, &caller, target).await)
    }

    async fn delete_task(
        &self,
        request: Request<pb::DeleteTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = message.try_into().map_err(refuse)?;
        answer(operations::delete_task(&self.0, &caller, target).await)
    }

    async fn undelete_task(
        &self,
        request: Request<pb::UndeleteTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = message.try_into().map_err(refuse)?;
        answer(operations::undelete_task(&self.0, &caller, target).await)
    }

    async fn create_occurrence(
        &self,
        request: Request<pb::CreateOccurrenceRequest>,
    ) -> Result<Response<pb::CreateOccurrenceResponse>, Status> {
        let (caller, message) = accept(request)?;
        operations::create_occurrence::authorize(&caller).map_err(refuse)?;
        let input = message.try_into().map_err(refuse)?;
        let output = operations::create_occurrence(&self.0, &caller, input)
            .await
            .map_err(refuse)?;
        Ok(Response::new(output.into()))
    }
}

fn answer(result: Result<Task, Error>) -> Result<Response<pb::Task>, Status> {
    result
        .map(|task| Response::new((&task).into()))
        .map_err(refuse)
}

fn refuse(error: impl Into<Error>) -> Status {
    status(&error.into())
}
