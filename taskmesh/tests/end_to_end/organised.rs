//! What a chat frontend and an agent do with tasks all day: organise, find, change many at once, take it back.

use reqwest::Client;
use serde_json::{Value, json};

use super::{
    doors::{json_call, tool},
    mesh::Mesh,
};

fn titles(list: &Value) -> Vec<&str> {
    let titled = |item: &'_ Value| item.get("task").is_some_and(Value::is_object);
    let tasks = list.as_array().map(Vec::as_slice).unwrap_or_default();
    tasks
        .iter()
        .map(|item| if titled(item) { &item["task"] } else { item })
        .filter_map(|task| task["title"].as_str())
        .collect()
}

#[tokio::test]
async fn tasks_are_organised_found_changed_and_taken_back_over_json() {
    let mut mesh = Mesh::start().await;
    let at = mesh.addresses.clone();
    let post = async |path: &str, body: Value| json_call(&at, "POST", path, Some(body)).await;
    let get = async |path: &str| json_call(&at, "GET", path, None).await;

    let zone = json!({"time_zone": "Europe/Berlin"});
    json_call(&at, "PATCH", "/v1/settings", Some(zone)).await;
    post("/v1/categories", json!({"display_name": "Home"})).await;
    let batch = json!({"tasks": [
        {"title": "Pay the invoice", "category": "home", "tags": ["money"], "priority": "PRIORITY_HIGH", "due_date": "2020-01-31"},
        {"title": "Mow the lawn", "tags": ["garden"], "due_date": "2200-01-31"},
        {"title": "Plant invoices of trees", "description": "a joke"},
    ]});
    let created = post("/v1/tasks:batchCreate", batch).await;
    let operation = created["operation_id"].as_str().unwrap().to_owned();
    assert_eq!(titles(&created["results"]).len(), 3);

    let filter = "filter=state%20%3D%20open%20AND%20priority%20%3E%3D%20high%20AND%20due%20%3C%20today%20%2B%207d%20AND%20tag%3A%22money%22";
    let found = get(&format!("/v1/tasks?{filter}")).await;
    assert_eq!(titles(&found["tasks"]), ["Pay the invoice"]);
    let ordered = get("/v1/tasks?order_by=due%20desc").await;
    assert_eq!(titles(&ordered["tasks"])[0], "Mow the lawn");
    let saved = json!({"display_name": "late", "filter": "overdue"});
    post("/v1/savedFilters", saved).await;
    let late = get("/v1/tasks?saved_filter=late").await;
    assert_eq!(titles(&late["tasks"]), ["Pay the invoice"]);
    let searched = get("/v1/tasks:search?query=invoice").await;
    assert_eq!(titles(&searched["matches"]).len(), 2, "{searched}");
    let misspelt = get("/v1/tasks:search?query=invioce").await;
    assert_eq!(titles(&misspelt["matches"]).len(), 2, "{misspelt}");

    let undone = post(&format!("/v1/operations/{operation}:undo"), json!({})).await;
    assert_eq!(titles(&undone["tasks"]).len(), 3);
    assert_eq!(titles(&get("/v1/tasks").await["tasks"]).len(), 0);
    assert_eq!(mesh.stop().await, 0);
}

#[tokio::test]
async fn tasks_are_organised_found_changed_and_taken_back_by_an_agent() {
    let mesh = Mesh::start().await;
    let at = &mesh.addresses;
    let context = tool(at, "get_context", json!({})).await;
    assert_eq!(context["time_zone"], "UTC");
    tool(at, "add_category", json!({"display_name": "Home"})).await;
    let many =
        json!({"tasks": [{"title": "Buy milk", "category": "Home"}, {"title": "Buy bread"}]});
    let many = tool(at, "add_tasks", many).await;
    let milk = many["results"][0]["task"]["id"].as_str().unwrap();
    let retry = json!({"task_id": milk, "tag": "shopping", "request_id": "019ab8c0-6f4e-7cc2-9d5b-0123456789ab"});
    let tagged = tool(at, "tag_task", retry.clone()).await;
    assert_eq!(tool(at, "tag_task", retry).await, tagged);
    let cleared = tool(
        at,
        "update_task",
        json!({"task_id": milk, "clear": ["category"], "due_date": "2200-01-31"}),
    )
    .await;
    assert_eq!(cleared["tags"], json!(["shopping"]));
    assert!(cleared["category"].as_str().is_none_or(str::is_empty));
    let listed = tool(at, "list_tasks", json!({"filter": "tag:shopping"})).await;
    assert_eq!(titles(&listed["tasks"]), ["Buy milk"]);
    let found = tool(at, "search_tasks", json!({"query": "brea"})).await;
    assert_eq!(titles(&found["matches"]), ["Buy bread"]);
    let repeating = json!({"task_id": milk, "recurrence_rule": "FREQ=WEEKLY"});
    tool(at, "set_recurrence", repeating).await;
    let reminded = json!({"task_id": milk, "reminders": [{"minutes_before_due": 30}]});
    let reminded = tool(at, "set_reminders", reminded).await;
    tool(
        at,
        "undo",
        json!({"operation_id": reminded["operation_id"]}),
    )
    .await;
    let task = tool(at, "get_task", json!({"task_id": milk})).await;
    assert_eq!(task["recurrence_rule"], "FREQ=WEEKLY");
    assert!(task["reminders"].as_array().is_none_or(Vec::is_empty));
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_importing_twice_changes_nothing() {
    let mesh = Mesh::start().await;
    let at = &mesh.addresses;
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//EN\r\nBEGIN:VTODO\r\nUID:one@example.com\r\nSUMMARY:Water the plants\r\nDUE;VALUE=DATE:22000131\r\nRRULE:FREQ=DAILY\r\nLOCATION:balcony\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    let import = async |kind: &str, text: String| -> Value {
        let url = format!("{}/v1/tasks:import", at.http);
        let request = Client::new().post(url).bearer_auth(&at.token);
        let response = request
            .header("content-type", kind)
            .body(text)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    };
    let first = import("text/calendar", calendar.to_owned()).await;
    assert_eq!(
        (&first["created_count"], &first["losses"][0]["field"]),
        (&json!(1), &json!("LOCATION"))
    );
    let again = import("text/calendar", calendar.to_owned()).await;
    assert_eq!(again["existing_count"], 1, "{again}");

    for (format, kind) in [
        ("EXPORT_FORMAT_NDJSON", "application/x-ndjson"),
        ("EXPORT_FORMAT_CSV", "text/csv"),
    ] {
        let url = format!("{}/v1/tasks:export?format={format}", at.http);
        let response = Client::new()
            .get(url)
            .bearer_auth(&at.token)
            .send()
            .await
            .unwrap();
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        let text = response.text().await.unwrap();
        assert!(text.contains("Water the plants"), "{text}");
        let again = import(kind, text).await;
        assert_eq!(
            (&again["existing_count"], &again["created_count"]),
            (&json!(1), &json!(0)),
            "{again}"
        );
    }
}
