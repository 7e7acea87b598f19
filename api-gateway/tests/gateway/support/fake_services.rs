//! Services that answer as a test tells them to, for any RPC of the contract.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
};

use super::fixture::CONTRACT;

type Script = Arc<dyn Fn(&Value) -> Result<Value, Status> + Send + Sync>;

/// Fake services on one port, and what they were asked.
#[derive(Clone, Default)]
pub struct FakeServices {
    scripts: Arc<Mutex<HashMap<String, Script>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub rpc: String,
    pub message: Value,
    pub metadata: MetadataMap,
}

impl FakeServices {
    /// Tells what to answer to an RPC, given the request as JSON.
    pub fn on(
        &self,
        rpc: &str,
        script: impl Fn(&Value) -> Result<Value, Status> + Send + Sync + 'static,
    ) {
        self.scripts
            .lock()
            .unwrap()
            .insert(rpc.to_owned(), Arc::new(script));
    }

    /// Returns the calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns the last call.
    pub fn last(&self) -> Call {
        self.calls().pop().expect("a call arrived")
    }

    pub async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let fake = self.clone();
        let router =
            Router::new().fallback(async move |request: Request| fake.answer(request).await);
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let rpc = CONTRACT
            .rpcs
            .iter()
            .find(|rpc| rpc.grpc_path == path)
            .expect("a known RPC");
        let codec = FakeCodec {
            input: rpc.method.input(),
        };
        let (name, output, fake) = (
            rpc.method.name().to_owned(),
            rpc.method.output(),
            self.clone(),
        );
        let unary = Unary(Arc::new(move |request: tonic::Request<DynamicMessage>| {
            let (metadata, _, message) = request.into_parts();
            let message = to_json(&message);
            let script = fake.scripts.lock().unwrap().get(&name).cloned();
            fake.calls.lock().unwrap().push(Call {
                rpc: name.clone(),
                message: message.clone(),
                metadata,
            });
            let script = script.ok_or_else(|| Status::unimplemented("no script"))?;
            let answer = script(&message)?;
            Ok(DynamicMessage::deserialize(output.clone(), answer)
                .expect("an answer of the right type"))
        }));
        tonic::server::Grpc::new(codec)
            .unary(unary, request)
            .await
            .map(Body::new)
    }
}

fn to_json(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap()
}

type Answer =
    dyn Fn(tonic::Request<DynamicMessage>) -> Result<DynamicMessage, Status> + Send + Sync;

struct Unary(Arc<Answer>);

impl tower::Service<tonic::Request<DynamicMessage>> for Unary {
    type Response = tonic::Response<DynamicMessage>;
    type Error = Status;
    type Future = std::future::Ready<Result<Self::Response, Status>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<DynamicMessage>) -> Self::Future {
        std::future::ready((self.0)(request).map(tonic::Response::new))
    }
}

struct FakeCodec {
    input: MessageDescriptor,
}

struct FakeDecoder(MessageDescriptor);

struct FakeEncoder;

impl Codec for FakeCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = FakeEncoder;
    type Decoder = FakeDecoder;

    fn encoder(&mut self) -> FakeEncoder {
        FakeEncoder
    }

    fn decoder(&mut self) -> FakeDecoder {
        FakeDecoder(self.input.clone())
    }
}

impl Encoder for FakeEncoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for FakeDecoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.0.clone(), buffer);
        message
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
