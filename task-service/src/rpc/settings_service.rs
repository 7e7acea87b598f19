use service_runtime::grpc::{accept, status};
use taskmesh_proto::task::v1::{self as pb, settings_service_server::SettingsService};
use tonic::{Request, Response, Status};

use super::{Rpc, write::answer};
use crate::operations::{self, UpdateSettings};

#[tonic::async_trait]
impl SettingsService for Rpc {
    async fn get_settings(
        &self,
        request: Request<pb::GetSettingsRequest>,
    ) -> Result<Response<pb::Settings>, Status> {
        let (caller, pb::GetSettingsRequest {}) = accept(request)?;
        let settings = operations::get_settings(&self.0, &caller).await;
        settings
            .map(|settings| Response::new((&settings).into()))
            .map_err(|error| status(&error))
    }

    async fn update_settings(
        &self,
        request: Request<pb::UpdateSettingsRequest>,
    ) -> Result<Response<pb::Settings>, Status> {
        answer::<_, UpdateSettings, _>(&self.0, request).await
    }

    async fn get_context(
        &self,
        request: Request<pb::GetContextRequest>,
    ) -> Result<Response<pb::Context>, Status> {
        let (caller, pb::GetContextRequest {}) = accept(request)?;
        let context = operations::get_context(&self.0, &caller).await;
        context
            .map(|context| Response::new((&context).into()))
            .map_err(|error| status(&error))
    }
}
