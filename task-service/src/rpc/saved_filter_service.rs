use service_runtime::grpc::{accept, status};
use taskmesh_proto::task::v1::{self as pb, saved_filter_service_server::SavedFilterService};
use tonic::{Request, Response, Status};

use super::{Rpc, convert, write::answer};
use crate::{
    error::Error,
    operations::{self, CreateSavedFilter, DeleteSavedFilter, UpdateSavedFilter},
};

#[tonic::async_trait]
impl SavedFilterService for Rpc {
    async fn create_saved_filter(
        &self,
        request: Request<pb::CreateSavedFilterRequest>,
    ) -> Result<Response<pb::SavedFilter>, Status> {
        answer::<_, CreateSavedFilter, _>(&self.0, request).await
    }

    async fn get_saved_filter(
        &self,
        request: Request<pb::GetSavedFilterRequest>,
    ) -> Result<Response<pb::SavedFilter>, Status> {
        let (caller, message) = accept(request)?;
        let id = convert::saved_filter_id(message).map_err(refuse)?;
        let saved = operations::get_saved_filter(&self.0, &caller, id).await;
        saved
            .map(|saved| Response::new((&saved).into()))
            .map_err(refuse)
    }

    async fn list_saved_filters(
        &self,
        request: Request<pb::ListSavedFiltersRequest>,
    ) -> Result<Response<pb::ListSavedFiltersResponse>, Status> {
        let (caller, message) = accept(request)?;
        let page = message.try_into().map_err(refuse)?;
        let (filters, next) = operations::list_saved_filters(&self.0, &caller, page)
            .await
            .map_err(refuse)?;
        Ok(Response::new(pb::ListSavedFiltersResponse {
            saved_filters: filters.iter().map(Into::into).collect(),
            next_page_token: convert::label_page_token(next),
        }))
    }

    async fn update_saved_filter(
        &self,
        request: Request<pb::UpdateSavedFilterRequest>,
    ) -> Result<Response<pb::SavedFilter>, Status> {
        answer::<_, UpdateSavedFilter, _>(&self.0, request).await
    }

    async fn delete_saved_filter(
        &self,
        request: Request<pb::DeleteSavedFilterRequest>,
    ) -> Result<Response<pb::SavedFilter>, Status> {
        answer::<_, DeleteSavedFilter, _>(&self.0, request).await
    }
}

fn refuse(error: impl Into<Error>) -> Status {
    status(&error.into())
}
