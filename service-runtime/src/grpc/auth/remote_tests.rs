use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Router, http::StatusCode, routing::get};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};

use super::*;
use crate::grpc::auth::test_keys::KeyPair;

/// An issuer that publishes whatever a test puts here; nothing: it answers 500.
#[derive(Clone, Default)]
struct Published {
    text: Arc<RwLock<Option<String>>>,
    fetches: Arc<AtomicUsize>,
}

impl Published {
    fn set(&self, ids: Option<&[&str]>) {
        let keys =
            |ids: &[&str]| -> Vec<_> { ids.iter().map(|id| KeyPair::eddsa().jwk(id)).collect() };
        *self.text.write().unwrap() = ids.map(|ids| json!({"keys": keys(ids)}).to_string());
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    async fn serve(&self) -> (RemoteKeys, JoinSet<()>) {
        let published = self.clone();
        let answer = async move || {
            published.fetches.fetch_add(1, Ordering::SeqCst);
            let text = published.text.read().unwrap().clone();
            text.ok_or(StatusCode::INTERNAL_SERVER_ERROR)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", get(answer));
        let mut server = JoinSet::new();
        server.spawn(async { axum::serve(listener, router).await.unwrap() });
        (RemoteKeys::new(url.parse().unwrap()).unwrap(), server)
    }
}

impl RemoteKeys {
    fn make_older(&self, by: Duration) {
        let mut state = self.state.write().unwrap();
        state.fetch_time = state.fetch_time.and_then(|time| time.checked_sub(by));
        state.try_time = state.try_time.and_then(|time| time.checked_sub(by));
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_then_kept() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let (keys, _server) = published.serve().await;
    for _ in 0..3 {
        assert!(keys.keys(Some("a")).await.unwrap().knows("a"));
    }
    assert_eq!(published.fetches(), 1);
}

#[tokio::test]
async fn an_unknown_key_id_fetches_again_but_not_before_the_pause_is_over() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let (keys, _server) = published.serve().await;
    assert!(keys.keys(Some("a")).await.is_ok());
    published.set(Some(&["a", "b"]));
    assert!(!keys.keys(Some("b")).await.unwrap().knows("b"));
    assert_eq!(published.fetches(), 1);
    keys.make_older(PAUSE);
    assert!(keys.keys(Some("b")).await.unwrap().knows("b"));
    assert_eq!(published.fetches(), 2);
}

#[tokio::test]
async fn old_keys_are_fetched_again_and_serve_on_when_that_fails() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let (keys, _server) = published.serve().await;
    assert!(keys.keys(Some("a")).await.is_ok());
    published.set(None);
    keys.make_older(PERIOD);
    assert!(keys.keys(Some("a")).await.unwrap().knows("a"));
    assert_eq!(published.fetches(), 2);
    let unknown = keys.keys(Some("b")).await.unwrap_err();
    assert!(matches!(unknown, AuthError::KeysUnavailable(_)));
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_makes_no_token_wrong() {
    let published = Published::default();
    let (keys, _server) = published.serve().await;
    assert!(matches!(
        keys.keys(None).await,
        Err(AuthError::KeysUnavailable(_))
    ));
    published.set(Some(&["a"]));
    keys.make_older(FIRST_PAUSE);
    assert!(keys.keys(None).await.is_ok());
}

#[tokio::test]
async fn many_calls_at_once_fetch_once() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let (keys, _server) = published.serve().await;
    let calls = (0..20).map(|_| keys.keys(Some("a")));
    assert!(
        futures::future::join_all(calls)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(published.fetches(), 1);
}
