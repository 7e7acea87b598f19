use service_runtime::grpc::{accept, status};
use taskmesh_proto::task::v1::{self as pb, category_service_server::CategoryService};
use tonic::{Request, Response, Status};

use super::{Rpc, convert, write::answer};
use crate::{
    domain::LabelKind,
    error::Error,
    operations::{self, CreateLabel, DeleteLabel, UpdateLabel},
};

#[tonic::async_trait]
impl CategoryService for Rpc {
    async fn create_category(
        &self,
        request: Request<pb::CreateCategoryRequest>,
    ) -> Result<Response<pb::Category>, Status> {
        answer::<_, CreateLabel, _>(&self.0, request).await
    }

    async fn get_category(
        &self,
        request: Request<pb::GetCategoryRequest>,
    ) -> Result<Response<pb::Category>, Status> {
        let (caller, message) = accept(request)?;
        let id = convert::category_id(message).map_err(refuse)?;
        let label = operations::get_label(&self.0, &caller, LabelKind::Category, id).await;
        label
            .map(|label| Response::new((&label).into()))
            .map_err(refuse)
    }

    async fn list_categories(
        &self,
        request: Request<pb::ListCategoriesRequest>,
    ) -> Result<Response<pb::ListCategoriesResponse>, Status> {
        let (caller, message) = accept(request)?;
        let page = message.try_into().map_err(refuse)?;
        let (labels, next) = operations::list_labels(&self.0, &caller, LabelKind::Category, page)
            .await
            .map_err(refuse)?;
        Ok(Response::new(pb::ListCategoriesResponse {
            categories: labels.iter().map(Into::into).collect(),
            next_page_token: convert::label_page_token(next),
        }))
    }

    async fn update_category(
        &self,
        request: Request<pb::UpdateCategoryRequest>,
    ) -> Result<Response<pb::Category>, Status> {
        answer::<_, UpdateLabel, _>(&self.0, request).await
    }

    async fn delete_category(
        &self,
        request: Request<pb::DeleteCategoryRequest>,
    ) -> Result<Response<pb::Category>, Status> {
        answer::<_, DeleteLabel, _>(&self.0, request).await
    }
}

fn refuse(error: impl Into<Error>) -> Status {
    status(&error.into())
}
