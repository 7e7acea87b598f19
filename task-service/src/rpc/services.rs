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
    call::{WriteRequest, accept_write, read, write, write_requests},
    convert,
};
use crate::{
    app::App,
    error::Error,
    operations::{
        self, Batch, CompleteTask, CreateNamed, CreateOccurrence, CreateTask, DeleteNamed,
        DeleteTask, ExportTasks, GetContext, GetNamed, GetSettings, GetTask, ImportTasks,
        ListNamed, ListTasks, ReopenTask, SearchTasks, TagTask, UndeleteTask, UndoOperation,
        UpdateNamed, UpdateSettings, UpdateTask, create_occurrence,
    },
};

/// Implements every service.
#[derive(Clone)]
pub struct Rpc(pub App);

/// Implements a service: each method by its operation, or as it is written behind them.
macro_rules! service {
    (
        $service:ident {
            read { $($get:ident($get_request:ident) -> $get_response:ident as $query:ty;)* }
            write { $($set:ident($set_request:ident) -> $set_response:ident as $operation:ty;)* }
        }
        $($others:tt)*
    ) => {
        #[tonic::async_trait]
        impl $service for Rpc {
            $(async fn $get(
                &self,
                request: Request<pb::$get_request>,
            ) -> Result<Response<pb::$get_response>, Status> {
                read::<_, $query, _>(&self.0, request).await
            })*

            $(async fn $set(
                &self,
                request: Request<pb::$set_request>,
            ) -> Result<Response<pb::$set_response>, Status> {
                write::<_, $operation, _>(&self.0, request).await
            })*

            $($others)*
        }

        write_requests! { $($set_request)* }
    };
}

service! {
    CategoryService {
        read {
            get_category(GetCategoryRequest) -> Category as GetNamed;
            list_categories(ListCategoriesRequest) -> ListCategoriesResponse as ListNamed;
        }
        write {
            create_category(CreateCategoryRequest) -> Category as CreateNamed;
            update_category(UpdateCategoryRequest) -> Category as UpdateNamed;
            delete_category(DeleteCategoryRequest) -> Category as DeleteNamed;
        }
    }
}

service! {
    TagService {
        read {
            get_tag(GetTagRequest) -> Tag as GetNamed;
            list_tags(ListTagsRequest) -> ListTagsResponse as ListNamed;
        }
        write {
            create_tag(CreateTagRequest) -> Tag as CreateNamed;
            update_tag(UpdateTagRequest) -> Tag as UpdateNamed;
            delete_tag(DeleteTagRequest) -> Tag as DeleteNamed;
        }
    }
}

service! {
    SavedFilterService {
        read {
            get_saved_filter(GetSavedFilterRequest) -> SavedFilter as GetNamed;
            list_saved_filters(ListSavedFiltersRequest) -> ListSavedFiltersResponse as ListNamed;
        }
        write {
            create_saved_filter(CreateSavedFilterRequest) -> SavedFilter as CreateNamed;
            update_saved_filter(UpdateSavedFilterRequest) -> SavedFilter as UpdateNamed;
            delete_saved_filter(DeleteSavedFilterRequest) -> SavedFilter as DeleteNamed;
        }
    }
}

service! {
    SettingsService {
        read {
            get_settings(GetSettingsRequest) -> Settings as GetSettings;
            get_context(GetContextRequest) -> Context as GetContext;
        }
        write {
            update_settings(UpdateSettingsRequest) -> Settings as UpdateSettings;
        }
    }
}

service! {
    TaskService {
        read {
            get_task(GetTaskRequest) -> Task as GetTask;
            list_tasks(ListTasksRequest) -> ListTasksResponse as ListTasks;
            search_tasks(SearchTasksRequest) -> SearchTasksResponse as SearchTasks;
        }
        write {
            create_task(CreateTaskRequest) -> Task as CreateTask;
            update_task(UpdateTaskRequest) -> Task as UpdateTask;
            complete_task(CompleteTaskRequest) -> Task as CompleteTask;
            reopen_task(ReopenTaskRequest) -> Task as ReopenTask;
            delete_task(DeleteTaskRequest) -> Task as DeleteTask;
            undelete_task(UndeleteTaskRequest) -> Task as UndeleteTask;
            set_recurrence(SetRecurrenceRequest) -> Task as UpdateTask;
            set_reminders(SetRemindersRequest) -> Task as UpdateTask;
            tag_task(TagTaskRequest) -> Task as TagTask;
            untag_task(UntagTaskRequest) -> Task as TagTask;
            batch_create_tasks(BatchCreateTasksRequest) -> BatchTasksResponse as Batch<CreateTask>;
            batch_update_tasks(BatchUpdateTasksRequest) -> BatchTasksResponse as Batch<UpdateTask>;
            batch_complete_tasks(BatchCompleteTasksRequest) -> BatchTasksResponse as Batch<CompleteTask>;
            batch_delete_tasks(BatchDeleteTasksRequest) -> BatchTasksResponse as Batch<DeleteTask>;
            undo_operation(UndoOperationRequest) -> UndoOperationResponse as UndoOperation;
        }
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

write_requests! { ImportTasksRequest }

fn refuse(error: impl Into<Error>) -> Status {
    status(&error.into())
}
