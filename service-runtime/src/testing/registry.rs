use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::RUNTIME;

/// Schema registry in memory; it ends when it is dropped.
pub struct FakeRegistry {
    url: String,
    state: Shared,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Schemas {
    is_unavailable: bool,
    requests: usize,
    /// Bodies of all registrations, whose positions are their ids.
    ids: Vec<Value>,
    /// Bodies of each subject's versions.
    subjects: HashMap<String, Vec<Value>>,
    /// Messages about subjects that take no further version.
    refused: HashMap<String, String>,
}

type Shared = Arc<Mutex<Schemas>>;
type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

impl FakeRegistry {
    /// Starts an empty registry.
    pub async fn start() -> Self {
        let state = Shared::default();
        let router = Router::new()
            .route("/subjects/{subject}", post(find))
            .route("/subjects/{subject}/versions", post(add))
            .route("/subjects/{subject}/versions/latest", get(latest))
            .layer(middleware::from_fn_with_state(state.clone(), count))
            .with_state(state.clone());
        let listener = RUNTIME.spawn(TcpListener::bind("127.0.0.1:0"));
        let listener = listener
            .await
            .expect("binding does not panic")
            .expect("loopback has free ports");
        let address = listener.local_addr().expect("a listener has an address");
        Self {
            url: format!("http://{address}"),
            state,
            server: RUNTIME.spawn(async {
                axum::serve(listener, router)
                    .await
                    .expect("the server does not end");
            }),
        }
    }

    /// Returns the URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes it answer every request with an error, or answer again.
    pub fn set_unavailable(&self, is_unavailable: bool) {
        lock(&self.state).is_unavailable = is_unavailable;
    }

    /// Returns the number of requests so far.
    pub fn requests(&self) -> usize {
        lock(&self.state).requests
    }

    /// Registers a schema without imports for a subject that takes no further version, with this message.
    pub fn add_final(&self, subject: &str, schema: &str, message: &str) {
        let mut schemas = lock(&self.state);
        schemas.add(subject, json!({"schema": schema}));
        schemas
            .refused
            .insert(subject.to_owned(), message.to_owned());
    }

    /// Returns every subject with each of its versions.
    pub fn versions(&self) -> BTreeSet<(String, usize)> {
        let schemas = lock(&self.state);
        let versions = schemas.subjects.iter().flat_map(|(subject, versions)| {
            (1..=versions.len()).map(|version| (subject.clone(), version))
        });
        versions.collect()
    }
}

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Schemas {
    fn add(&mut self, subject: &str, body: Value) {
        self.ids.push(body.clone());
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        versions.push(body);
    }

    fn answer(&self, subject: &str, position: usize) -> Answer {
        let body = &self.subjects[subject][position];
        let id = self.ids.iter().position(|own| own == body);
        // Ids begin at 1, as versions do.
        Ok(Json(
            json!({"subject": subject, "id": id.map(|id| id + 1), "version": position + 1}),
        ))
    }

    fn versions(&self, subject: &str) -> &[Value] {
        self.subjects.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Returns whether each import of the contract has a reference, and each reference a registered version.
    fn has_references(&self, body: &Value) -> bool {
        let text = body["schema"].as_str().unwrap_or_default();
        let imports = text.matches("\nimport \"taskmesh/").count();
        let references = body["references"].as_array().map_or(&[][..], Vec::as_slice);
        let is_registered = |reference: &Value| {
            let versions = self.versions(reference["subject"].as_str().unwrap_or_default());
            let version = reference["version"].as_u64().unwrap_or_default();
            (1..=versions.len() as u64).contains(&version)
        };
        imports <= references.len() && references.iter().all(is_registered)
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, Schemas> {
    state.lock().expect("no holder of this lock panics")
}

async fn count(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let is_unavailable = {
        let mut schemas = lock(&state);
        schemas.requests += 1;
        schemas.is_unavailable
    };
    match is_unavailable {
        true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        false => next.run(request).await,
    }
}

async fn find(
    State(state): State<Shared>,
    Path(subject): Path<String>,
    Json(body): Json<Value>,
) -> Answer {
    let schemas = lock(&state);
    let mut versions = schemas.versions(&subject).iter();
    match versions.position(|own| *own == body) {
        Some(position) => schemas.answer(&subject, position),
        None if schemas.subjects.contains_key(&subject) => {
            Err(fault(StatusCode::NOT_FOUND, 40403, "Schema not found"))
        }
        None => Err(fault(StatusCode::NOT_FOUND, 40401, "Subject not found.")),
    }
}

async fn add(
    State(state): State<Shared>,
    Path(subject): Path<String>,
    Json(body): Json<Value>,
) -> Answer {
    let mut schemas = lock(&state);
    if let Some(message) = schemas.refused.get(&subject) {
        return Err(fault(StatusCode::CONFLICT, 409, message));
    }
    if body["schemaType"] != "PROTOBUF" || !schemas.has_references(&body) {
        let message = "not a protobuf schema, or a reference is missing";
        return Err(fault(StatusCode::UNPROCESSABLE_ENTITY, 42201, message));
    }
    schemas.add(&subject, body);
    let version = schemas.versions(&subject).len();
    schemas.answer(&subject, version - 1)
}

async fn latest(State(state): State<Shared>, Path(subject): Path<String>) -> Answer {
    let schemas = lock(&state);
    match schemas.versions(&subject).len() {
        0 => Err(fault(StatusCode::NOT_FOUND, 40401, "Subject not found.")),
        version => schemas.answer(&subject, version - 1),
    }
}

fn fault(status: StatusCode, code: u32, message: &str) -> (StatusCode, Json<Value>) {
    (
        status,
        Json(json!({"error_code": code, "message": message})),
    )
}
