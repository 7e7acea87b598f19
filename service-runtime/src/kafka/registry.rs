//! Client of a Confluent-compatible schema registry.

use std::{collections::HashMap, time::Duration};

use reqwest::{RequestBuilder, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{KafkaConfig, schema::Subject};
use crate::config::Redacted;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Largest number of characters of an unexpected response in an error.
const MAX_MESSAGE_CHARS: usize = 200;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// Error codes of the registry for an unknown subject and an unknown schema.
const NOT_FOUND_CODES: [i64; 2] = [40401, 40403];

/// A schema registry.
pub struct SchemaRegistry {
    client: reqwest::Client,
    url: Url,
    username: Option<String>,
    password: Option<Redacted<String>>,
}

/// Id and version of a registered schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Registered {
    /// Id, used in frames.
    pub id: u32,
    /// Version within the subject.
    pub version: u32,
}

/// Result of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Already registered.
    Known(Registered),
    /// Newly registered.
    New(Registered),
}

/// Error of a request to the registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Unavailable, timed out, or not a schema registry.
    #[error(
        "the schema registry at {url} does not answer as one: is it up, and is KAFKA__SCHEMA_REGISTRY_URL right?"
    )]
    Unreachable {
        /// Address of the registry.
        url: String,
        /// Error of the HTTP client.
        #[source]
        cause: reqwest::Error,
    },
    /// Authentication or authorisation failed.
    #[error(
        "the schema registry at {url} refuses the user ({status}): set KAFKA__SCHEMA_REGISTRY_USERNAME and KAFKA__SCHEMA_REGISTRY_PASSWORD to one who may read and write {subject}"
    )]
    Forbidden {
        /// Address of the registry.
        url: String,
        /// Subject of the request.
        subject: String,
        /// Status of the response.
        status: StatusCode,
    },
    /// The declared schema is not compatible with the registered one.
    #[error(
        "the declared schema of {subject} is not compatible with the registered one: {message}"
    )]
    Incompatible {
        /// Subject of the request.
        subject: String,
        /// Message of the registry.
        message: String,
    },
    /// Another error response.
    #[error("the schema registry at {url} answers {status} about {subject}: {message}")]
    Refused {
        /// Address of the registry.
        url: String,
        /// Subject of the request.
        subject: String,
        /// Status of the response.
        status: StatusCode,
        /// Message of the registry.
        message: String,
    },
    /// The declared schema is not registered.
    #[error("the declared schema of {subject} is not registered: run `taskmesh topics apply`")]
    NotRegistered {
        /// Subject of the request.
        subject: String,
    },
}

/// Looks up or registers subjects. A subject must come after those that it imports, whose versions are kept.
pub struct SchemaRound<'a> {
    registry: &'a SchemaRegistry,
    versions: HashMap<&'static str, u32>,
}

impl SchemaRegistry {
    /// Creates a client if a registry is configured; connects with the first request.
    pub fn new(kafka: &KafkaConfig) -> Result<Option<Self>, RegistryError> {
        let Some(url) = &kafka.schema_registry_url else {
            return Ok(None);
        };
        let client = reqwest::Client::builder().timeout(TIMEOUT).build();
        Ok(Some(Self {
            client: client.map_err(|cause| unreachable(url, cause))?,
            url: url.clone(),
            username: kafka.schema_registry_username.clone(),
            password: kafka.schema_registry_password.clone(),
        }))
    }

    /// Starts a round of look-ups or registrations.
    pub fn round(&self) -> SchemaRound<'_> {
        SchemaRound {
            registry: self,
            versions: HashMap::new(),
        }
    }

    /// Returns the newest version of a subject.
    pub async fn latest(&self, subject: &str) -> Result<Option<Registered>, RegistryError> {
        let url = self.address(&["subjects", subject, "versions", "latest"]);
        self.ask(self.client.get(url), None, subject).await
    }

    async fn find(&self, subject: &str, body: &Value) -> Result<Option<Registered>, RegistryError> {
        let url = self.address(&["subjects", subject]);
        self.ask(self.client.post(url), Some(body), subject).await
    }

    async fn add(&self, subject: &str, body: &Value) -> Result<(), RegistryError> {
        let url = self.address(&["subjects", subject, "versions"]);
        // Older registries answer with the id alone, so that the version is asked for afterwards.
        let added: Option<Value> = self.ask(self.client.post(url), Some(body), subject).await?;
        added
            .map(|_| ())
            .ok_or_else(|| RegistryError::NotRegistered {
                subject: subject.to_owned(),
            })
    }

    /// Sends a request; returns `None` if the subject or schema does not exist.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        request: RequestBuilder,
        body: Option<&Value>,
        subject: &str,
    ) -> Result<Option<T>, RegistryError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Fault {
            error_code: i64,
            message: String,
        }
        let mut request = request.header(header::ACCEPT, CONTENT_TYPE);
        if let Some(body) = body {
            // Set before the body, which would set another type.
            request = request
                .header(header::CONTENT_TYPE, CONTENT_TYPE)
                .json(body);
        }
        if let Some(username) = &self.username {
            let password = self.password.as_ref().map(Redacted::expose);
            request = request.basic_auth(username, password);
        }
        let silent = |cause| unreachable(&self.url, cause);
        let response = request.send().await.map_err(silent)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map(Some).map_err(silent);
        }
        let text = response.text().await.map_err(silent)?;
        let fault: Fault = serde_json::from_str(&text).unwrap_or_default();
        let (url, subject) = (self.url.to_string(), subject.to_owned());
        // A proxy may answer in another format.
        let own = || {
            text.lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(MAX_MESSAGE_CHARS)
        };
        let message = match fault.message.is_empty() {
            true => own().collect(),
            false => fault.message,
        };
        match status {
            StatusCode::NOT_FOUND if NOT_FOUND_CODES.contains(&fault.error_code) => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(RegistryError::Forbidden {
                url,
                subject,
                status,
            }),
            StatusCode::CONFLICT => Err(RegistryError::Incompatible { subject, message }),
            _ => Err(RegistryError::Refused {
                url,
                subject,
                status,
                message,
            }),
        }
    }

    fn address(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .expect("the settings take URLs that have a path")
            .pop_if_empty()
            .extend(path);
        url
    }
}

impl SchemaRound<'_> {
    /// Returns the id and version of the declared schema of a subject, if it is registered.
    pub async fn find(&mut self, subject: &Subject) -> Result<Option<Registered>, RegistryError> {
        // A subject whose imports are not registered cannot be registered.
        let Some(body) = self.body(subject) else {
            return Ok(None);
        };
        let found = self.registry.find(&subject.name, &body).await?;
        Ok(found.inspect(|registered| self.remember(subject, *registered)))
    }

    /// Registers the declared schema of a subject, unless it is registered.
    pub async fn register(&mut self, subject: &Subject) -> Result<Registration, RegistryError> {
        if let Some(registered) = self.find(subject).await? {
            return Ok(Registration::Known(registered));
        }
        let missing = || RegistryError::NotRegistered {
            subject: subject.name.clone(),
        };
        let body = self.body(subject).ok_or_else(missing)?;
        self.registry.add(&subject.name, &body).await?;
        let added = self.find(subject).await?;
        added.map(Registration::New).ok_or_else(missing)
    }

    fn remember(&mut self, subject: &Subject, registered: Registered) {
        if subject.is_import() {
            self.versions.insert(subject.file.name, registered.version);
        }
    }

    fn body(&self, subject: &Subject) -> Option<Value> {
        let reference = |import: &&'static taskmesh_proto::SourceFile| {
            let version = self.versions.get(import.name)?;
            Some(json!({"name": import.name, "subject": import.name, "version": version}))
        };
        let references: Vec<Value> = subject
            .imports
            .iter()
            .map(reference)
            .collect::<Option<_>>()?;
        Some(
            json!({"schemaType": "PROTOBUF", "schema": subject.file.text, "references": references}),
        )
    }
}

fn unreachable(url: &Url, cause: reqwest::Error) -> RegistryError {
    RegistryError::Unreachable {
        url: url.to_string(),
        cause,
    }
}
