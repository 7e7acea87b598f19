//! A client of the JSON door that keeps its connections, as a browser does.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::mesh::{Addresses, Mesh};

/// A client with a user's token.
#[derive(Clone)]
pub struct Client {
    client: reqwest::Client,
    addresses: Addresses,
}

impl Client {
    /// Returns a client of the mesh as it runs now, with the token of the demo user.
    pub fn of(mesh: &Mesh) -> Self {
        Self::with_token(mesh, &mesh.addresses.token)
    }

    /// Returns a client of the mesh as it runs now, with this token.
    pub fn with_token(mesh: &Mesh, token: &str) -> Self {
        Self {
            client: reqwest::Client::new(),
            addresses: Addresses {
                token: token.to_owned(),
                ..mesh.addresses.clone()
            },
        }
    }

    /// Prepares a request to the gateway.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.addresses.http);
        self.client
            .request(method.parse().unwrap(), url)
            .bearer_auth(&self.addresses.token)
    }

    /// Creates a task; returns its id.
    pub async fn create_task(&self, title: &str) -> Result<String, reqwest::Error> {
        let body = json!({ "title": title });
        let answer = self.request("POST", "/v1/tasks").json(&body).send().await?;
        let task: Value = answer.error_for_status()?.json().await?;
        Ok(task["id"].as_str().unwrap().to_owned())
    }

    /// Returns the ids of all tasks.
    pub async fn task_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let mut page_token = String::new();
        loop {
            let path = format!("/v1/tasks?page_size=500&page_token={page_token}");
            let answer = self.request("GET", &path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let page: Value = answer.json().await.unwrap();
            let tasks = page["tasks"].as_array().unwrap();
            ids.extend(
                tasks
                    .iter()
                    .map(|task| task["id"].as_str().unwrap().to_owned()),
            );
            page_token = page["next_page_token"].as_str().unwrap().to_owned();
            if page_token.is_empty() {
                return ids;
            }
        }
    }
}
