use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use service_runtime::{
    grpc::{accept, status},
    idempotency::Call,
};
use taskmesh_proto::{
    google::api::HttpBody,
    task::v1::{self as pb, task_service_server::TaskService},
};
use tonic::{Request, Response, Status};

use super::{
    Rpc, convert,
    write::{accept_write, answer},
};
use crate::{
    error::Error,
    operations::{
        self, Batch, CompleteTask, CreateOccurrence, CreateTask, DeleteTask, ExportTasks,
        ImportTasks, ReopenTask, TagTask, UndeleteTask, UndoOperation, UpdateTask,
        create_occurrence,
    },
};

#[tonic::async_trait]
impl TaskService for Rpc {
    async fn create_task(
        &self,
        request: Request<pb::CreateTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, CreateTask, _>(&self.0, request).await
    }

    async fn get_task(
        &self,
        request: Request<pb::GetTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let (caller, message) = accept(request)?;
        let task_id = convert::task_id(message).map_err(refuse)?;
        let task = operations::get_task(&self.0, &caller, task_id).await;
        task.map(|task| Response::new((&*task).into()))
            .map_err(refuse)
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = message.try_into().map_err(refuse)?;
        let (tasks, end) = operations::list_tasks(&self.0, &caller, &list)
            .await
            .map_err(refuse)?;
        Ok(Response::new(convert::list_answer(&tasks, end)))
    }

    async fn update_task(
        &self,
        request: Request<pb::UpdateTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, UpdateTask, _>(&self.0, request).await
    }

    async fn complete_task(
        &self,
        request: Request<pb::CompleteTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, CompleteTask, _>(&self.0, request).await
    }

    async fn reopen_task(
        &self,
        request: Request<pb::ReopenTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, ReopenTask, _>(&self.0, request).await
    }

    async fn delete_task(
        &self,
        request: Request<pb::DeleteTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, DeleteTask, _>(&self.0, request).await
    }

    async fn undelete_task(
        &self,
        request: Request<pb::UndeleteTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, UndeleteTask, _>(&self.0, request).await
    }

    async fn set_recurrence(
        &self,
        request: Request<pb::SetRecurrenceRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, UpdateTask, _>(&self.0, request).await
    }

    async fn set_reminders(
        &self,
        request: Request<pb::SetRemindersRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, UpdateTask, _>(&self.0, request).await
    }

    async fn tag_task(
        &self,
        request: Request<pb::TagTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, TagTask, _>(&self.0, request).await
    }

    async fn untag_task(
        &self,
        request: Request<pb::UntagTaskRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        answer::<_, TagTask, _>(&self.0, request).await
    }

    async fn batch_create_tasks(
        &self,
        request: Request<pb::BatchCreateTasksRequest>,
    ) -> Result<Response<pb::BatchTasksResponse>, Status> {
        answer::<_, Batch<CreateTask>, _>(&self.0, request).await
    }

    async fn batch_update_tasks(
        &self,
        request: Request<pb::BatchUpdateTasksRequest>,
    ) -> Result<Response<pb::BatchTasksResponse>, Status> {
        answer::<_, Batch<UpdateTask>, _>(&self.0, request).await
    }

    async fn batch_complete_tasks(
        &self,
        request: Request<pb::BatchCompleteTasksRequest>,
    ) -> Result<Response<pb::BatchTasksResponse>, Status> {
        answer::<_, Batch<CompleteTask>, _>(&self.0, request).await
    }

    async fn batch_delete_tasks(
        &self,
        request: Request<pb::BatchDeleteTasksRequest>,
    ) -> Result<Response<pb::BatchTasksResponse>, Status> {
        answer::<_, Batch<DeleteTask>, _>(&self.0, request).await
    }

    async fn undo_operation(
        &self,
        request: Request<pb::UndoOperationRequest>,
    ) -> Result<Response<pb::UndoOperationResponse>, Status> {
        answer::<_, UndoOperation, _>(&self.0, request).await
    }

    async fn search_tasks(
        &self,
        request: Request<pb::SearchTasksRequest>,
    ) -> Result<Response<pb::SearchTasksResponse>, Status> {
        let (caller, message) = accept(request)?;
        let search = message.try_into().map_err(refuse)?;
        let found = operations::search_tasks(&self.0, &caller, &search)
            .await
            .map_err(refuse)?;
        Ok(Response::new(convert::search_answer(found)))
    }

    type ExportTasksStream = BoxStream<'static, Result<HttpBody, Status>>;

    async fn export_tasks(
        &self,
        request: Request<pb::ExportTasksRequest>,
    ) -> Result<Response<Self::ExportTasksStream>, Status> {
        let (caller, message) = accept(request)?;
        let input: ExportTasks = message.try_into().map_err(refuse)?;
        let format = input.format;
        let parts = operations::export_tasks(&self.0, &caller, input)
            .await
            .map_err(refuse)?
            .map_ok(move |part| convert::file_part(format, part))
            .map_err(refuse);
        Ok(Response::new(parts.boxed()))
    }

    async fn import_tasks(
        &self,
        request: Request<pb::ImportTasksRequest>,
    ) -> Result<Response<pb::ImportTasksResponse>, Status> {
        let (call, message) = accept_write(request)?;
        let (content_type, data) = convert::imported_file(message).map_err(refuse)?;
        let operation = ImportTasks::read(&self.0, &call.caller, &content_type, data)
            .await
            .map_err(refuse)?;
        let answer = operations::write(&self.0, &call, &operation).await;
        answer.map(Response::new).map_err(refuse)
    }

    async fn create_occurrence(
        &self,
        request: Request<pb::CreateOccurrenceRequest>,
    ) -> Result<Response<pb::CreateOccurrenceResponse>, Status> {
        let (caller, message) = accept(request)?;
        create_occurrence::authorize(&caller).map_err(refuse)?;
        let operation: CreateOccurrence = message.try_into().map_err(refuse)?;
        let call = Call::without_id(caller);
        let answer = operations::write(&self.0, &call, &operation).await;
        answer.map(Response::new).map_err(refuse)
    }
}

fn refuse(error: impl Into<Error>) -> Status {
    status(&error.into())
}
