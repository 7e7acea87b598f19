//! Services that answer as a test tells them to, for any RPC of the contract.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use tonic::{Status, metadata::MetadataMap};

use api_gateway::{catalog::Catalog, upstream::BytesCodec};

type Script = Arc<dyn Fn(&Value) -> Result<Value, Status> + Send + Sync>;

type StreamScript = Arc<dyn Fn(&Value) -> Messages + Send + Sync>;

/// What a stream answers with.
pub type Messages = BoxStream<'static, Result<Value, Status>>;

/// Fake services on one port, and what they were asked.
#[derive(Clone)]
pub struct FakeServices {
    catalog: &'static Catalog,
    scripts: Arc<Mutex<HashMap<String, Script>>>,
    stream_scripts: Arc<Mutex<HashMap<String, StreamScript>>>,
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
    /// Creates services that know the RPCs of a contract.
    pub fn of(catalog: &'static Catalog) -> Self {
        Self {
            catalog,
            scripts: Arc::default(),
            stream_scripts: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// Tells what stream to answer to an RPC with, given the request as JSON.
    pub fn on_stream(
        &self,
        rpc: &str,
        script: impl Fn(&Value) -> Messages + Send + Sync + 'static,
    ) {
        let mut scripts = self.stream_scripts.lock().unwrap();
        scripts.insert(rpc.to_owned(), Arc::new(script));
    }

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
        let rpc = self
            .catalog
            .rpcs
            .iter()
            .find(|rpc| rpc.grpc_path.as_str() == path)
            .expect("a known RPC");
        let (name, input, output, fake) = (
            rpc.method.name().to_owned(),
            rpc.method.input(),
            rpc.method.output(),
            self.clone(),
        );
        let written = move |answer: Value| {
            let answer = DynamicMessage::deserialize(output.clone(), answer)
                .expect("an answer of the right type");
            Bytes::from(answer.encode_to_vec())
        };
        let mut server = tonic::server::Grpc::new(BytesCodec);
        if rpc.streams {
            let stream = Handler::<MessageStream>(Arc::new(move |request| {
                let message = fake.note(&name, &input, request);
                let script = fake.stream_scripts.lock().unwrap().get(&name).cloned();
                let script = script.ok_or_else(|| Status::unimplemented("no script"))?;
                let written = written.clone();
                let messages = script(&message).map(move |message| message.map(&written));
                Ok(messages.boxed())
            }));
            return server
                .server_streaming(stream, request)
                .await
                .map(Body::new);
        }
        let unary = Handler::<Bytes>(Arc::new(move |request| {
            let message = fake.note(&name, &input, request);
            let script = fake.scripts.lock().unwrap().get(&name).cloned();
            let script = script.ok_or_else(|| Status::unimplemented("no script"))?;
            Ok(written(script(&message)?))
        }));
        server.unary(unary, request).await.map(Body::new)
    }

    fn note(&self, rpc: &str, input: &MessageDescriptor, request: tonic::Request<Bytes>) -> Value {
        let (metadata, _, message) = request.into_parts();
        let message =
            DynamicMessage::decode(input.clone(), message).expect("a request of the right type");
        let message = to_json(&message);
        self.calls.lock().unwrap().push(Call {
            rpc: rpc.to_owned(),
            message: message.clone(),
            metadata,
        });
        message
    }
}

fn to_json(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap()
}

type Answer<T> = dyn Fn(tonic::Request<Bytes>) -> Result<T, Status> + Send + Sync;
type MessageStream = BoxStream<'static, Result<Bytes, Status>>;

/// An RPC that answers at once, with a message or a stream of them.
struct Handler<T>(Arc<Answer<T>>);

impl<T> tower::Service<tonic::Request<Bytes>> for Handler<T> {
    type Response = tonic::Response<T>;
    type Error = Status;
    type Future = std::future::Ready<Result<Self::Response, Status>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        std::future::ready((self.0)(request).map(tonic::Response::new))
    }
}
