use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::RUNTIME;

/// A schema registry that keeps everything in memory and does as it is told; it ends when it is dropped.
pub struct FakeRegistry {
    url: String,
    state: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    is_away: AtomicBool,
    asked: AtomicUsize,
    schemas: Mutex<Schemas>,
}

#[derive(Default)]
struct Schemas {
    /// The ids of all schemas: a schema has the same one in every subject.
    ids: Vec<Schema>,
    /// The versions of each subject.
    subjects: HashMap<String, Vec<Schema>>,
    refused: HashMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Schema {
    schema_type: String,
    schema: String,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    name: String,
    subject: String,
    version: usize,
}

type Refusal = (StatusCode, Json<Value>);

impl FakeRegistry {
    /// Starts an empty registry.
    pub async fn start() -> Self {
        let state = Arc::new(Shared::default());
        let router = Router::new()
            .route("/subjects/{subject}", post(find))
            .route("/subjects/{subject}/versions", post(add))
            .route("/subjects/{subject}/versions/latest", get(latest))
            .layer(middleware::from_fn_with_state(Arc::clone(&state), door))
            .with_state(Arc::clone(&state));
        let listener = RUNTIME.spawn(TcpListener::bind("127.0.0.1:0"));
        let listener = listener
            .await
            .expect("binding does not panic")
            .expect("loopback has free ports");
        let address = listener.local_addr().expect("a listener has an address");
        let server = RUNTIME.spawn(async {
            axum::serve(listener, router)
                .await
                .expect("the server goes on");
        });
        Self {
            url: format!("http://{address}"),
            state,
            server,
        }
    }

    /// Returns where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has it answer nothing but errors, or answer again.
    pub fn set_away(&self, is_away: bool) {
        self.state.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Returns how often it was asked for anything.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// Has it refuse any new schema of a subject, as one that is not compatible.
    pub fn refuse(&self, subject: &str, message: &str) {
        let mut schemas = self.state.schemas();
        schemas
            .refused
            .insert(subject.to_owned(), message.to_owned());
    }

    /// Registers a schema that refers to no other.
    pub fn add(&self, subject: &str, schema: &str) {
        let schema = Schema {
            schema_type: "PROTOBUF".to_owned(),
            schema: schema.to_owned(),
            references: Vec::new(),
        };
        self.state.schemas().add(subject, schema);
    }

    /// Returns every subject with each of its versions.
    pub fn versions(&self) -> BTreeSet<(String, usize)> {
        let schemas = self.state.schemas();
        let subjects = schemas.subjects.iter();
        subjects
            .flat_map(|(subject, versions)| {
                (1..=versions.len()).map(|version| (subject.clone(), version))
            })
            .collect()
    }
}

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn schemas(&self) -> MutexGuard<'_, Schemas> {
        self.schemas.lock().expect("no holder of this lock panics")
    }
}

impl Schemas {
    fn add(&mut self, subject: &str, schema: Schema) {
        if !self.ids.contains(&schema) {
            self.ids.push(schema.clone());
        }
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        if !versions.contains(&schema) {
            versions.push(schema);
        }
    }

    fn answer(&self, subject: &str, place: usize) -> Json<Value> {
        let schema = &self.subjects[subject][place];
        let id = self.ids.iter().position(|own| own == schema);
        // Ids begin at 1, as versions do.
        let id = id.expect("every schema has an id") + 1;
        let version = place + 1;
        Json(json!({"subject": subject, "id": id, "version": version, "schema": schema.schema}))
    }

    /// Finds an import that no reference leads to, as a registry does that reads the schema.
    fn missing_import<'a>(&self, schema: &'a Schema) -> Option<&'a str> {
        let mut imports = schema.schema.lines().filter_map(|line| {
            let name = line.strip_prefix("import \"")?.strip_suffix("\";")?;
            (!name.starts_with("google/protobuf/")).then_some(name)
        });
        let is_there = |name: &str| {
            let mut references = schema.references.iter();
            references.any(|reference| {
                let versions = self.subjects.get(&reference.subject).map_or(0, Vec::len);
                reference.name == name && (1..=versions).contains(&reference.version)
            })
        };
        imports.find(|name| !is_there(name))
    }
}

async fn door(State(state): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    state.asked.fetch_add(1, Ordering::SeqCst);
    match state.is_away.load(Ordering::SeqCst) {
        true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        false => next.run(request).await,
    }
}

async fn find(
    State(state): State<Arc<Shared>>,
    Path(subject): Path<String>,
    Json(schema): Json<Schema>,
) -> Result<Json<Value>, Refusal> {
    let schemas = state.schemas();
    let versions = schemas.subjects.get(&subject);
    let versions = versions.ok_or_else(|| refusal(40401, "Subject not found."))?;
    let place = versions.iter().position(|own| *own == schema);
    let place = place.ok_or_else(|| refusal(40403, "Schema not found"))?;
    Ok(schemas.answer(&subject, place))
}

async fn add(
    State(state): State<Arc<Shared>>,
    Path(subject): Path<String>,
    Json(schema): Json<Schema>,
) -> Result<Json<Value>, Refusal> {
    let mut schemas = state.schemas();
    if let Some(message) = schemas.refused.get(&subject) {
        return Err(refusal(409, message));
    }
    if let Some(import) = schemas.missing_import(&schema) {
        return Err(refusal(42201, &format!("no reference to {import}")));
    }
    schemas.add(&subject, schema.clone());
    let id = schemas.ids.iter().position(|own| *own == schema);
    Ok(Json(json!({"id": id.expect("it was added") + 1})))
}

async fn latest(
    State(state): State<Arc<Shared>>,
    Path(subject): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let schemas = state.schemas();
    let versions = schemas.subjects.get(&subject);
    let versions = versions.ok_or_else(|| refusal(40401, "Subject not found."))?;
    Ok(schemas.answer(&subject, versions.len() - 1))
}

/// The first three digits of a registry's code are the status.
fn refusal(code: u32, message: &str) -> Refusal {
    let digits = code.to_string();
    let status = digits[..3].parse().ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    (
        status.expect("a code begins with a status"),
        Json(json!({"error_code": code, "message": message})),
    )
}
