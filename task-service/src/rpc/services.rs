//! Answers of the gRPC services. Handlers convert, run an operation, and convert its result.

use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use service_runtime::{
    grpc::{accept, status},
    idempotency::Call,
};
use taskmesh_proto::{
    google::api::HttpBody,
    task::v1::{
        self as pb, category_service_server::CategoryService,
        saved_filter_service_server::SavedFilterService, settings_service_server::SettingsService,
        tag_service_server::TagService, task_service_server::TaskService,
    },
};
use tonic::{Request, Response, Status};

use super::{
    Rpc,
    call::{accept_write, read, write},
    convert,
};
use crate::{
    error::Error,
    operations::{
        self, Batch, CompleteTask, CreateNamed, CreateOccurrence, CreateTask, DeleteNamed,
        DeleteTask, ExportTasks, GetContext, GetNamed, GetSettings, GetTask, ImportTasks,
        ListNamed, ListTasks, ReopenTask, SearchTasks, TagTask, UndeleteTask, UndoOperation,
        UpdateNamed, UpdateSettings, UpdateTask, create_occurrence,
    },
};

/// Implements a service: each method by a call of `read` or `write` with its operation, or as it is written behind them.
macro_rules! service {
    ($service:ident {
        $($call:ident $method:ident($request:ident) -> $response:ident as $operation:ty;)*
    } $($others:tt)*) => {
        #[tonic::async_trait]
        impl $service for Rpc {
            $(async fn $method(
                &self,
                request: Request<pb::$request>,
            ) -> Result<Response<pb::$response>, Status> {
                $call::<_, $operation, _>(&self.0, request).await
            })*

            $($others)*
        }
    };
}

service! {
    CategoryService {
        write create_category(CreateCategoryRequest) -> Category as CreateNamed;
        read get_category(GetCategoryRequest) -> Category as GetNamed;
        read list_categories(ListCategoriesRequest) -> ListCategoriesResponse as ListNamed;
        write update_category(UpdateCategoryRequest) -> Category as UpdateNamed;
        write delete_category(DeleteCategoryRequest) -> Category as DeleteNamed;
    }
}

service! {
    TagService {
        write create_tag(CreateTagRequest) -> Tag as CreateNamed;
        read get_tag(GetTagRequest) -> Tag as GetNamed;
        read list_tags(ListTagsRequest) -> ListTagsResponse as ListNamed;
        write update_tag(UpdateTagRequest) -> Tag as UpdateNamed;
        write delete_tag(DeleteTagRequest) -> Tag as DeleteNamed;
    }
}

service! {
    SavedFilterService {
        write create_saved_filter(CreateSavedFilterRequest) -> SavedFilter as CreateNamed;
        read get_saved_filter(GetSavedFilterRequest) -> SavedFilter as GetNamed;
        read list_saved_filters(ListSavedFiltersRequest) -> ListSavedFiltersResponse as ListNamed;
        write update_saved_filter(UpdateSavedFilterRequest) -> SavedFilter as UpdateNamed;
        write delete_saved_filter(DeleteSavedFilterRequest) -> SavedFilter as DeleteNamed;
    }
}

service! {
    SettingsService {
        read get_settings(GetSettingsRequest) -> Settings as GetSettings;
        write update_settings(UpdateSettingsRequest) -> Settings as UpdateSettings;
        read get_context(GetContextRequest) -> Context as GetContext;
    }
}

service! {
    TaskService {
        write create_task(CreateTaskRequest) -> Task as CreateTask;
        read get_task(GetTaskRequest) -> Task as GetTask;
        read list_tasks(ListTasksRequest) -> ListTasksResponse as ListTasks;
        read search_tasks(SearchTasksRequest) -> SearchTasksResponse as SearchTasks;
        write update_task(UpdateTaskRequest) -> Task as UpdateTask;
        write complete_task(CompleteTaskRequest) -> Task as CompleteTask;
        write reopen_task(ReopenTaskRequest) -> Task as ReopenTask;
        write delete_task(DeleteTaskRequest) -> Task as DeleteTask;
        write undelete_task(UndeleteTaskRequest) -> Task as UndeleteTask;
        write set_recurrence(SetRecurrenceRequest) -> Task as UpdateTask;
        write set_reminders(SetRemindersRequest) -> Task as UpdateTask;
        write tag_task(TagTaskRequest) -> Task as TagTask;
        write untag_task(UntagTaskRequest) -> Task as TagTask;
        write batch_create_tasks(BatchCreateTasksRequest) -> BatchTasksResponse as Batch<CreateTask>;
        write batch_update_tasks(BatchUpdateTasksRequest) -> BatchTasksResponse as Batch<UpdateTask>;
        write batch_complete_tasks(BatchCompleteTasksRequest) -> BatchTasksResponse as Batch<CompleteTask>;
        write batch_delete_tasks(BatchDeleteTasksRequest) -> BatchTasksResponse as Batch<DeleteTask>;
        write undo_operation(UndoOperationRequest) -> UndoOperationResponse as UndoOperation;
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
