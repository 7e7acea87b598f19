use service_runtime::grpc::{accept, status};
use taskmesh_proto::task::v1::{self as pb, tag_service_server::TagService};
use tonic::{Request, Response, Status};

use super::{Rpc, convert, write::answer};
use crate::{
    domain::LabelKind,
    error::Error,
    operations::{self, CreateLabel, DeleteLabel, UpdateLabel},
};

#[tonic::async_trait]
impl TagService for Rpc {
    async fn create_tag(
        &self,
        request: Request<pb::CreateTagRequest>,
    ) -> Result<Response<pb::Tag>, Status> {
        answer::<_, CreateLabel, _>(&self.0, request).await
    }

    async fn get_tag(
        &self,
        request: Request<pb::GetTagRequest>,
    ) -> Result<Response<pb::Tag>, Status> {
        let (caller, message) = accept(request)?;
        let id = convert::tag_id(message).map_err(refuse)?;
        let label = operations::get_label(&self.0, &caller, LabelKind::Tag, id).await;
        label
            .map(|label| Response::new((&label).into()))
            .map_err(refuse)
    }

    async fn list_tags(
        &self,
        request: Request<pb::ListTagsRequest>,
    ) -> Result<Response<pb::ListTagsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let page = message.try_into().map_err(refuse)?;
        let (labels, next) = operations::list_labels(&self.0, &caller, LabelKind::Tag, page)
            .await
            .map_err(refuse)?;
        Ok(Response::new(pb::ListTagsResponse {
            tags: labels.iter().map(Into::into).collect(),
            next_page_token: convert::label_page_token(next),
        }))
    }

    async fn update_tag(
        &self,
        request: Request<pb::UpdateTagRequest>,
    ) -> Result<Response<pb::Tag>, Status> {
        answer::<_, UpdateLabel, _>(&self.0, request).await
    }

    async fn delete_tag(
        &self,
        request: Request<pb::DeleteTagRequest>,
    ) -> Result<Response<pb::Tag>, Status> {
        answer::<_, DeleteLabel, _>(&self.0, request).await
    }
}

fn refuse(error: impl Into<Error>) -> Status {
    status(&error.into())
}
