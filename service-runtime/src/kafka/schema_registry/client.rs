use std::{collections::HashMap, time::Duration};

use reqwest::{
    RequestBuilder, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use super::subjects::Subject;
use crate::{config::Redacted, kafka::KafkaConfig};

const TIMEOUT: Duration = Duration::from_secs(5);
/// Largest number of characters of an unexpected response in an error.
const MAX_MESSAGE_CHARS: usize = 200;
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// Error codes of the registry for an unknown subject and an unknown schema.
const NOT_FOUND_CODES: [i64; 2] = [40401, 40403];

/// Client of a schema registry. A subject must come after those that it imports, whose versions are kept.
pub struct SchemaRegistry {
    client: reqwest::Client,
    url: Url,
    username: Option<String>,
    password: Option<Redacted<String>>,
    versions: HashMap<String, u32>,
}

/// Id and version of a registered schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Registered {
    /// Id, used in frames.
    pub id: u32,
    /// Version within the subject.
    pub version: u32,
}

/// Error of a request to the registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Unavailable, timed out, or not a schema registry.
    #[error(
        "the schema registry at {url} does not answer as one: is it up, and is KAFKA__SCHEMA_REGISTRY_URL right?"
    )]
    Unreachable {
        url: String,
        #[source]
        cause: reqwest::Error,
    },
    /// Authentication or authorisation failed.
    #[error(
        "the schema registry at {url} refuses the user ({status}): set KAFKA__SCHEMA_REGISTRY_USERNAME and KAFKA__SCHEMA_REGISTRY_PASSWORD to one who may read and write {subject}"
    )]
    Forbidden {
        url: String,
        subject: String,
        status: StatusCode,
    },
    /// The declared schema is not compatible with the registered one.
    #[error(
        "the declared schema of {subject} is not compatible with the registered one: {message}"
    )]
    Incompatible { subject: String, message: String },
    /// Another error response.
    #[error("the schema registry at {url} answers {status} about {subject}: {message}")]
    Refused {
        url: String,
        subject: String,
        status: StatusCode,
        message: String,
    },
    /// The declared schema is not registered.
    #[error("the declared schema of {subject} is not registered: run `taskmesh topics apply`")]
    NotRegistered { subject: String },
}

impl SchemaRegistry {
    /// Creates a client if a registry is configured; connects with the first request.
    pub fn new(kafka: &KafkaConfig) -> Result<Option<Self>, RegistryError> {
        let Some(url) = kafka.schema_registry_url.clone() else {
            return Ok(None);
        };
        match reqwest::Client::builder().timeout(TIMEOUT).build() {
            Ok(client) => Ok(Some(Self {
                client,
                url,
                username: kafka.schema_registry_username.clone(),
                password: kafka.schema_registry_password.clone(),
                versions: HashMap::new(),
            })),
            Err(cause) => Err(RegistryError::Unreachable {
                url: url.to_string(),
                cause,
            }),
        }
    }

    /// Returns the newest version of a subject.
    pub async fn latest(&self, subject: &str) -> Result<Option<Registered>, RegistryError> {
        let url = self.address(&[subject, "versions", "latest"]);
        self.ask(self.client.get(url), subject).await
    }

    /// Returns the id and version of the declared schema of a subject, if it is registered.
    pub async fn find(&mut self, subject: &Subject) -> Result<Option<Registered>, RegistryError> {
        // A subject whose imports are not registered cannot be registered.
        let Some(body) = self.body(subject) else {
            return Ok(None);
        };
        let request = self.post(&[&subject.name], &body);
        let found: Option<Registered> = self.ask(request, &subject.name).await?;
        if let Some(registered) = found {
            self.versions
                .insert(subject.name.clone(), registered.version);
        }
        Ok(found)
    }

    /// Registers the declared schema of a subject.
    pub async fn register(&mut self, subject: &Subject) -> Result<Registered, RegistryError> {
        if let Some(body) = self.body(subject) {
            let request = self.post(&[&subject.name, "versions"], &body);
            let _: Option<Value> = self.ask(request, &subject.name).await?;
        }
        // Older registries respond to the registration with the id alone.
        let registered = self.find(subject).await?;
        registered.ok_or_else(|| RegistryError::NotRegistered {
            subject: subject.name.clone(),
        })
    }

    fn body(&self, subject: &Subject) -> Option<Value> {
        let reference = |name: &String| {
            let version = self.versions.get(name)?;
            Some(json!({"name": name, "subject": name, "version": version}))
        };
        let references: Option<Vec<Value>> = subject.imports.iter().map(reference).collect();
        Some(json!({"schemaType": "PROTOBUF", "schema": subject.schema, "references": references?}))
    }

    fn post(&self, path: &[&str], body: &Value) -> RequestBuilder {
        let request = self.client.post(self.address(path));
        request.header(CONTENT_TYPE, MEDIA_TYPE).json(body)
    }

    fn address(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .expect("the configuration accepts only URLs that have a path")
            .pop_if_empty()
            .push("subjects")
            .extend(path);
        url
    }

    /// Sends a request; returns `None` if the subject or schema does not exist.
    async fn ask<T: DeserializeOwned>(
        &self,
        mut request: RequestBuilder,
        subject: &str,
    ) -> Result<Option<T>, RegistryError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Fault {
            error_code: i64,
            message: String,
        }
        request = request.header(ACCEPT, MEDIA_TYPE);
        if let Some(username) = &self.username {
            request = request.basic_auth(username, self.password.as_ref().map(Redacted::expose));
        }
        let (url, subject) = (self.url.to_string(), subject.to_owned());
        let unreachable = |cause| RegistryError::Unreachable {
            url: self.url.to_string(),
            cause,
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map(Some).map_err(unreachable);
        }
        let text = response.text().await.map_err(unreachable)?;
        // A proxy may respond in another format.
        let fault = serde_json::from_str(&text).unwrap_or_else(|_| Fault {
            message: text.chars().take(MAX_MESSAGE_CHARS).collect(),
            ..Fault::default()
        });
        let message = fault.message;
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
}
