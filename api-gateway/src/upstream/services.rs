use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bytes::Bytes;
use service_runtime::grpc::{
    Caller, Channel, ServiceIdentity, connect, connect_for_streams, deadline,
};
use tonic::{Request, Status, Streaming, client::Grpc};
use url::Url;

use super::codec::BytesCodec;
use crate::{
    catalog::{Catalog, Rpc},
    error::Error,
};

/// A full page of tasks with the longest descriptions has 40 MB.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Channels to the services behind the gateway. Users' tokens end here: each call carries one of the gateway's own.
#[derive(Clone)]
pub struct Upstreams {
    channels: HashMap<String, Channel>,
    /// Channels for live streams, which have no time limit of their own.
    live_channels: HashMap<String, Channel>,
    identity: ServiceIdentity,
}

impl Upstreams {
    /// Opens a channel to each service; the connections are made with the first calls.
    ///
    /// # Errors
    ///
    /// Fails with the name of the setting if an exposed RPC has no service, or a service no exposed RPC.
    pub fn connect(
        catalog: &Catalog,
        urls: &BTreeMap<String, Url>,
        identity: ServiceIdentity,
    ) -> Result<Self, String> {
        for rpc in &catalog.rpcs {
            if !urls.contains_key(&rpc.upstream) {
                let (name, rpc) = (&rpc.upstream, rpc.full_name());
                return Err(format!(
                    "upstreams.{name} is missing; set the address of the service that serves {rpc}, as http://host:port"
                ));
            }
        }
        let mut known: Vec<&str> = catalog
            .rpcs
            .iter()
            .map(|rpc| rpc.upstream.as_str())
            .collect();
        known.dedup();
        if let Some(name) = urls.keys().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(format!(
                "upstreams.{name} serves no RPC of the contract; use one of {known}"
            ));
        }
        let channels = urls.iter().map(|(name, url)| (name.clone(), connect(url)));
        let live = catalog.rpcs.iter().filter(|rpc| rpc.live.is_some());
        let live_channels = live.filter_map(|rpc| {
            let url = urls.get(&rpc.upstream)?;
            Some((rpc.upstream.clone(), connect_for_streams(url)))
        });
        Ok(Self {
            channels: channels.collect(),
            live_channels: live_channels.collect(),
            identity,
        })
    }

    /// Calls an RPC for a user, within what is left of the current deadline, as part of the current trace.
    ///
    /// # Errors
    ///
    /// Fails with what the service answers, or with what kept it from answering.
    pub async fn call(&self, caller: &Caller, rpc: &Rpc, message: Bytes) -> Result<Bytes, Error> {
        let answer = in_time(rpc, async {
            let (mut client, request) = self.prepare(caller, rpc, message)?;
            ready(&mut client).await?;
            client
                .unary(request, rpc.grpc_path.clone(), BytesCodec)
                .await
        });
        Ok(answer.await?.into_inner())
    }

    /// Calls an RPC that answers with a stream; what is left of the current deadline is passed on, and holds here for the
    /// beginning only. Dropping the stream cancels the call.
    ///
    /// # Errors
    ///
    /// Fails with what the service answers, or with what kept it from answering.
    pub async fn stream(
        &self,
        caller: &Caller,
        rpc: &Rpc,
        message: Bytes,
    ) -> Result<Streaming<Bytes>, Error> {
        let answer = in_time(rpc, async {
            let (mut client, request) = self.prepare(caller, rpc, message)?;
            ready(&mut client).await?;
            let path = rpc.grpc_path.clone();
            client.server_streaming(request, path, BytesCodec).await
        });
        Ok(answer.await?.into_inner())
    }

    fn prepare(
        &self,
        caller: &Caller,
        rpc: &Rpc,
        message: Bytes,
    ) -> Result<(Grpc<Channel>, Request<Bytes>), Status> {
        let channels = match rpc.live {
            None => &self.channels,
            Some(_) => &self.live_channels,
        };
        let channel = channels.get(&rpc.upstream);
        let channel = channel.ok_or_else(|| Status::unavailable("no upstream"))?;
        let mut request = self.identity.request_for(caller, message);
        request.set_timeout(time_left());
        let client = Grpc::new(channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES);
        Ok((client, request))
    }
}

async fn ready(client: &mut Grpc<Channel>) -> Result<(), Status> {
    let ready = client.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))
}

/// The timer of the channel does not run while it still connects.
async fn in_time<T>(rpc: &Rpc, call: impl Future<Output = Result<T, Status>>) -> Result<T, Error> {
    let answer = tokio::time::timeout(time_left(), call).await;
    let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no response in time")));
    answer.map_err(|status| Error::upstream(rpc.full_name(), &status))
}

fn time_left() -> Duration {
    let left = deadline::time_left().unwrap_or(DEFAULT_TIMEOUT);
    left.max(SHORTEST_TIMEOUT)
}
