//! Bad input through the front door: a clear error each, and nothing written.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::{doors::json_call, mesh::Mesh};

struct Case {
    body: Value,
    status: u16,
    reason: &'static str,
    /// What the violations must mention: the field, and a word of the cure.
    mentions: &'static [&'static str],
}

fn case(body: Value, mentions: &'static [&'static str]) -> Case {
    Case {
        body,
        status: 400,
        reason: "INVALID_FIELD",
        mentions,
    }
}

fn recurring(rule: &str) -> Value {
    json!({"title": "t", "due_time": "2030-01-01T09:00:00Z", "time_zone": "Europe/Berlin", "recurrence_rule": rule})
}

async fn post(mesh: &Mesh, path: &str, token: Option<&str>, body: String) -> Response {
    let mut request = Client::new()
        .post(format!("{}{path}", mesh.addresses.http))
        .header("content-type", "application/json")
        .body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

fn reason(answer: &Value) -> &str {
    let details = answer["details"].as_array().into_iter().flatten();
    details
        .filter_map(|detail| detail["reason"].as_str())
        .next()
        .unwrap_or_else(|| panic!("an error with ErrorInfo: {answer}"))
}

#[tokio::test]
async fn bad_input_gets_a_clear_error_and_changes_nothing() {
    let mut mesh = Mesh::start().await;
    let addresses = mesh.addresses.clone();
    let token = Some(addresses.token.as_str());
    let cases = [
        case(json!({"title": ""}), &["title", "1"]),
        case(json!({"title": "x".repeat(501)}), &["title", "500"]),
        case(json!({"title": "bell \u{7}"}), &["title", "control"]),
        case(
            json!({"title": "t", "priority": "PRIORITY_EXTREME"}),
            &["priority", "high"],
        ),
        case(json!({"title": "t", "tittle": "u"}), &["tittle", "title"]),
        case(
            json!({"title": "t", "due_time": "2030-01-01T09:00:00"}),
            &["due_time", "offset"],
        ),
        case(
            json!({"title": "t", "time_zone": "Europe/Berlinn"}),
            &["time_zone", "Europe/Berlin"],
        ),
        case(recurring("FREQ=DALY"), &["recurrence_rule", "DAILY"]),
        case(recurring("FREQ=DAILY;FOO=1"), &["recurrence_rule", "FOO"]),
        case(
            recurring("RRULE:FREQ=DAILY;COUNT=0"),
            &["recurrence_rule", "COUNT"],
        ),
        case(recurring("FREQ=SECONDLY"), &["recurrence_rule", "SECONDLY"]),
    ];
    for Case {
        body,
        status,
        reason: expected,
        mentions,
    } in cases
    {
        let response = post(&mesh, "/v1/tasks", token, body.to_string()).await;
        assert_eq!(response.status(), status, "{body}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(reason(&answer), expected, "{answer}");
        let violations = answer["details"].to_string();
        for word in mentions {
            assert!(violations.contains(word), "{word} in {answer}");
        }
    }

    let deep = format!(
        "{{\"title\": {}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert_eq!(post(&mesh, "/v1/tasks", token, deep).await.status(), 400);
    let large = json!({"title": "t", "description": "x".repeat(2 * 1024 * 1024)}).to_string();
    assert_eq!(post(&mesh, "/v1/tasks", token, large).await.status(), 413);
    let malformed = post(&mesh, "/v1/tasks/7:complete", token, "{}".to_owned()).await;
    assert_eq!(malformed.status(), 400);
    assert!(malformed.text().await.unwrap().contains("task_id"));

    for wrong in [None, Some("nonsense"), Some(forged().as_str())] {
        let response = post(&mesh, "/v1/tasks", wrong, json!({"title": "t"}).to_string()).await;
        assert_eq!(response.status(), 401, "{wrong:?}");
        assert!(response.headers().contains_key("www-authenticate"));
    }
    let listed = json_call(
        &addresses,
        "GET",
        "/v1/tasks?show_completed=true&show_deleted=true",
        None,
    )
    .await;
    assert_eq!(
        listed["tasks"].as_array().map_or(0, Vec::len),
        0,
        "{listed}"
    );
    assert_eq!(mesh.stop().await, 0);
}

#[tokio::test]
async fn a_stale_etag_and_a_deleted_task_are_refused_with_their_reasons() {
    let mesh = Mesh::start().await;
    let addresses = &mesh.addresses;
    let task = json_call(
        addresses,
        "POST",
        "/v1/tasks",
        Some(json!({"title": "one"})),
    )
    .await;
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let etag = task["etag"].as_str().unwrap();
    let changed = json_call(
        addresses,
        "PATCH",
        &path,
        Some(json!({"title": "two", "etag": etag})),
    )
    .await;
    assert_eq!(changed["title"], "two");
    assert_eq!(changed["description"], task["description"]);

    let client = Client::new();
    let patch = async |body: Value| {
        let url = format!("{}{path}", addresses.http);
        let response = client
            .patch(url)
            .bearer_auth(&addresses.token)
            .json(&body)
            .send()
            .await
            .unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let (status, answer) = patch(json!({"title": "three", "etag": etag})).await;
    assert_eq!((status, reason(&answer)), (412, "STALE_ETAG"), "{answer}");

    json_call(addresses, "DELETE", &path, None).await;
    let (status, answer) = patch(json!({"title": "four"})).await;
    assert_eq!((status, reason(&answer)), (400, "TASK_DELETED"), "{answer}");
    let kept = json_call(addresses, "GET", &path, None).await;
    assert_eq!(kept["title"], "two");
}

/// A token that somebody else has signed with a secret of their own.
fn forged() -> String {
    use service_runtime::{config::Redacted, grpc};
    let users = grpc::IssuerConfig {
        issuer: "https://users.taskmesh.test".to_owned(),
        audience: "taskmesh".to_owned(),
        secret: Some(Redacted::new(
            "another secret, which is long enough as well".to_owned(),
        )),
        jwks_file: None,
        jwks_url: None,
    };
    grpc::mint_user_token(
        &users,
        &"alice".parse().unwrap(),
        &[],
        std::time::Duration::from_secs(60),
    )
    .unwrap()
}
