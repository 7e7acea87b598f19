//! Requests of the schema registry client, and its errors.

use axum::{
    Json, Router,
    extract::Request,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::json;
use service_runtime::kafka::{KafkaConfig, RegistryError, SchemaRegistry, Subject, subjects};
use tokio::{net::TcpListener, task::JoinSet};

fn kafka(url: &str) -> KafkaConfig {
    serde_json::from_value(json!({
        "bootstrap_servers": "localhost:9092",
        "schema_registry_url": url,
        "schema_registry_username": "taskmesh",
        "schema_registry_password": "secret",
    }))
    .unwrap()
}

/// Serves one answer to every request.
async fn serve<A, R>(answer: A) -> (KafkaConfig, JoinSet<()>)
where
    A: Fn(Request) -> R + Clone + Send + Sync + 'static,
    R: IntoResponse + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/apis/registry/", listener.local_addr().unwrap());
    let router = Router::new().fallback(async move |request: Request| answer(request));
    let mut server = JoinSet::new();
    server.spawn(async { axum::serve(listener, router).await.unwrap() });
    (kafka(&url), server)
}

fn first(kafka: &KafkaConfig) -> Subject {
    subjects(kafka).remove(0)
}

async fn error_of(kafka: &KafkaConfig) -> RegistryError {
    let mut registry = SchemaRegistry::new(kafka).unwrap().unwrap();
    registry.find(&first(kafka)).await.unwrap_err()
}

#[tokio::test]
async fn request_has_the_subject_in_its_path_and_credentials() {
    let (kafka, _server) = serve(|request: Request| {
        let user = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        assert_eq!(user, "Basic dGFza21lc2g6c2VjcmV0");
        let path = request.uri().path();
        assert!(!path.ends_with(".proto") || path.contains("%2F"), "{path}");
        assert!(path.starts_with("/apis/registry/subjects/"), "{path}");
        Json(json!({"id": 5, "version": 2}))
    })
    .await;
    let mut registry = SchemaRegistry::new(&kafka).unwrap().unwrap();
    for subject in subjects(&kafka) {
        let found = registry.find(&subject).await.unwrap().unwrap();
        assert_eq!((found.id, found.version), (5, 2));
    }
}

#[tokio::test]
async fn another_http_server_is_not_an_empty_registry() {
    let (kafka, _server) = serve(|_| StatusCode::NOT_FOUND).await;
    let error = error_of(&kafka).await;
    assert!(matches!(error, RegistryError::Refused { .. }), "{error}");

    let (kafka, _server) = serve(|_| "<html>welcome</html>").await;
    let error = error_of(&kafka).await;
    assert!(
        matches!(error, RegistryError::Unreachable { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn refused_user_is_an_error_that_names_the_variables() {
    let (kafka, _server) = serve(|_| StatusCode::UNAUTHORIZED).await;
    let error = error_of(&kafka).await.to_string();
    assert!(error.contains("KAFKA__SCHEMA_REGISTRY_USERNAME"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
async fn unavailable_registry_is_an_error_that_names_url_and_variable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = error_of(&kafka(&url)).await.to_string();
    assert!(error.contains(&url), "{error}");
    assert!(error.contains("KAFKA__SCHEMA_REGISTRY_URL"), "{error}");
}
