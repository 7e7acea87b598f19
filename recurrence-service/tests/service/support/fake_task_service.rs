use std::{
    collections::VecDeque,
    future::ready,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, http, routing::post};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use taskmesh_proto::task::v1 as pb;
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, server::Grpc};
use tonic_prost::ProstCodec;
use tower::service_fn;

/// One call of `CreateOccurrence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub request: pb::CreateOccurrenceRequest,
    /// The user that the token names.
    pub user_id: String,
    /// The service that the token names as acting for the user.
    pub service: String,
}

/// A task-service that writes down what it is asked, and answers what it is told to.
#[derive(Clone, Default)]
pub struct FakeTaskService {
    asked: Arc<Mutex<Vec<Asked>>>,
    refusals: Arc<Mutex<VecDeque<Status>>>,
}

impl FakeTaskService {
    /// Starts it, and returns its URL.
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = self.clone();
        let answer = post(async move |request: http::Request<Body>| {
            let service = service_fn(move |request| ready(fake.create_occurrence(request)));
            let mut grpc = Grpc::new(ProstCodec::default());
            grpc.unary(service, request).await.map(Body::new)
        });
        let router = Router::new().route("/taskmesh.task.v1.TaskService/CreateOccurrence", answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn create_occurrence(
        &self,
        request: Request<pb::CreateOccurrenceRequest>,
    ) -> Result<Response<pb::CreateOccurrenceResponse>, Status> {
        let claims = claims(&request);
        self.asked.lock().unwrap().push(Asked {
            user_id: claims["sub"].as_str().unwrap().to_owned(),
            service: claims["act"]["sub"].as_str().unwrap().to_owned(),
            request: request.into_inner(),
        });
        if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
            return Err(refusal);
        }
        Ok(Response::new(pb::CreateOccurrenceResponse {
            task: Some(pb::Task::default()),
            created: true,
        }))
    }

    /// Makes it refuse the next call.
    pub fn refuse(&self, status: Status) {
        self.refusals.lock().unwrap().push_back(status);
    }

    /// Returns the calls so far, refused ones included.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a claim of the token; its signature is no concern of the fake.
fn claims(request: &Request<pb::CreateOccurrenceRequest>) -> serde_json::Value {
    let token = request.metadata().get("authorization").unwrap();
    let payload = token.to_str().unwrap().split('.').nth(1).unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
