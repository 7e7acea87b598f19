//! Calls of `RealtimeService`, and their conversion.

mod convert;

use std::sync::Arc;

use futures::{StreamExt, stream, stream::BoxStream};
use service_runtime::grpc::accept;
use taskmesh_proto::realtime::v1::{self as pb, realtime_service_server};
use tonic::{Request, Response, Status};

use crate::{app::App, operations};

pub struct Rpc {
    app: Arc<App>,
}

impl Rpc {
    pub fn new(app: App) -> Self {
        Self { app: Arc::new(app) }
    }
}

#[tonic::async_trait]
impl realtime_service_server::RealtimeService for Rpc {
    type WatchStream = BoxStream<'static, Result<pb::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<pb::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let (caller, message) = accept(request)?;
        let wanted = convert::watch(message)?;
        let watching = operations::watch(&self.app, caller.user_id, wanted).await?;
        // In a box, because what is moved into a future takes its room several times there.
        let messages = stream::unfold(Box::new(watching), async |mut watching| {
            let message = watching.next().await?;
            Some((message.map_err(Status::from), watching))
        });
        Ok(Response::new(messages.boxed()))
    }
}
