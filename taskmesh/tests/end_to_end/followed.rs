//! Who did what, and everything live, as users and auditors meet it.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    client::Client,
    doors::{json_call, tool},
    mesh::{Addresses, Mesh, program, until},
};

/// The live feed as a page reads it that shows tasks.
struct Live {
    answer: Response,
    /// What has come and is not a whole event yet.
    text: Vec<u8>,
}

impl Live {
    async fn open(client: &Client) -> Self {
        let answer = client
            .request("GET", "/v1/live?start=WATCH_START_SNAPSHOT")
            .header("accept", "text/event-stream")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        Self {
            answer,
            text: Vec::new(),
        }
    }

    /// Returns the data of the next event.
    async fn next(&mut self) -> Value {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.text.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                return serde_json::from_str(data.unwrap()).unwrap();
            }
            let part = self.answer.chunk().await.unwrap();
            self.text
                .extend_from_slice(&part.expect("the feed goes on"));
        }
    }
}

async fn token(mesh: &Mesh, user: &str, roles: &[&str]) -> String {
    let roles = roles.iter().flat_map(|role| ["--role", role]);
    let output = program()
        .args(["token", "--user", user, "--data-dir"])
        .arg(mesh.data())
        .args(roles)
        .output()
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn history(at: &Addresses, task: &str, records: usize) -> Vec<Value> {
    until("the history is recorded", async || {
        let history = json_call(at, "GET", &format!("/v1/tasks/{task}/history"), None).await;
        let found = history["records"].as_array().unwrap();
        (found.len() >= records).then(|| found.clone())
    })
    .await
}

#[tokio::test]
async fn a_change_is_shown_live_and_recorded_with_who_made_it_from_where() {
    let mut mesh = Mesh::start().await;
    let alice = Client::of(&mesh);
    let at = mesh.addresses.clone();
    let mut live = Live::open(&alice).await;
    assert!(live.next().await["live"].is_object());

    let created = alice
        .request("POST", "/v1/tasks")
        .header("user-agent", "chat/7")
        .json(&json!({"title": "Look, live"}))
        .send()
        .await
        .unwrap();
    let created: Value = created.json().await.unwrap();
    let id = created["id"].as_str().unwrap();
    let told = live.next().await;
    assert_eq!(told["change"]["task"], created);

    let path = format!("/v1/tasks/{id}");
    json_call(&at, "PATCH", &path, Some(json!({"title": "Seen"}))).await;
    let told = live.next().await;
    assert_eq!(told["change"]["task"]["title"], "Seen");

    let records = history(&at, id, 2).await;
    let (updated, created) = (&records[0], &records[1]);
    assert_eq!(updated["action"], "task.updated");
    let title = json!({"field": "title", "before": "Look, live", "after": "Seen"});
    assert_eq!(updated["changes"], json!([title]));
    assert_eq!(created["actor"]["user_id"], "alice");
    assert_eq!(created["actor"]["service"], "api-gateway");
    assert_eq!(created["actor"]["user_agent"], "chat/7");
    assert_eq!(created["actor"]["ip_address"], "127.0.0.1");
    assert_eq!(updated["previous_hash"], created["hash"]);

    let told = tool(&at, "get_activity", json!({"task_id": id})).await;
    let told = &told["records"][0];
    assert_eq!(told["changes"], json!([title]));
    assert!(told["hash"].is_null(), "an agent has no use for {told}");

    until("the records are sealed", async || {
        let verified = json_call(&at, "GET", "/v1/audit:verify", None).await;
        assert_eq!(verified["intact"], true, "{verified}");
        (verified["unsealed_count"] == "0").then_some(())
    })
    .await;
    drop(live);
    assert_eq!(mesh.stop().await, 0);
}

#[tokio::test]
async fn an_auditor_sees_the_records_of_others_and_leaves_one() {
    let mesh = Mesh::start().await;
    let id = Client::of(&mesh).create_task("Alice's").await.unwrap();
    history(&mesh.addresses, &id, 1).await;

    let bob = Client::with_token(&mesh, &token(&mesh, "bob", &[]).await);
    let of_alice = "/v1/audit/records?user_id=alice";
    let refused = bob.request("GET", of_alice).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let text = refused.text().await.unwrap();
    assert!(text.contains("role \\\"auditor\\\""), "{text}");

    let carol = Addresses {
        token: token(&mesh, "carol", &["auditor"]).await,
        ..mesh.addresses.clone()
    };
    let seen = json_call(&carol, "GET", of_alice, None).await;
    assert_eq!(seen["records"][0]["task_id"], id);
    let own = json_call(&carol, "GET", "/v1/audit/records", None).await;
    let own = own["records"].as_array().unwrap();
    assert_eq!(own.len(), 1, "bob left none, and carol's own are hers");
    assert_eq!(own[0]["action"], "audit.read");
    assert_eq!(own[0]["changes"][0]["after"], "alice");
}
