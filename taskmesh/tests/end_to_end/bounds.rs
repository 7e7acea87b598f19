//! The bounds that the contract states are those that the services enforce: of every bounded field of every request, a value at the
//! bound is accepted and one beyond it is refused.

use serde_json::{Map, Value, json};
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

use super::{client::Client, mesh::Mesh};

/// A value of a field, and whether it is within the field's bounds.
type Sample = (Value, bool);

/// Values of the query parameters that are required.
const REQUIRED_QUERY: [(&str, &str); 5] = [
    ("query", "word"),
    ("start_time", "2026-12-01T00:00:00Z"),
    ("end_time", "2026-12-02T00:00:00Z"),
    ("start_date", "2026-12-01"),
    ("end_date", "2026-12-02"),
];

struct Contract {
    document: Value,
    client: Client,
    /// The ids of things that exist, by the names of the path's variables.
    ids: Map<String, Value>,
}

#[tokio::test]
async fn services_enforce_the_bounds_of_the_contract() {
    let mesh = Mesh::start().await;
    let contract = Contract::of(Client::of(&mesh)).await;
    let paths = contract.document["paths"].as_object().unwrap();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            for (place, name, sample) in contract.samples_of(operation) {
                checked += 1;
                let faults = contract.faults(path, method, operation, place, &name, &sample.0);
                let (status, faults) = faults.await;
                let is_refused = faults.iter().any(|field| is_within(field, &name));
                let is_right = match sample.1 {
                    true => !is_refused && status < 500,
                    false => is_refused && status == 400,
                };
                if !is_right {
                    let value: String = sample.0.to_string().chars().take(60).collect();
                    let within = sample.1;
                    wrong.push(format!(
                        "{method} {path} {name} = {value} (valid: {within}): {status} {faults:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked > 200, "only {checked} values were checked");
}

impl Contract {
    async fn of(client: Client) -> Self {
        let answer = client.request("GET", "/openapi.json").send().await.unwrap();
        let document: Value = answer.json().await.unwrap();
        let mut ids = Map::new();
        for (name, path, body) in [
            (
                "task_id",
                "/v1/tasks",
                json!({"title": "t", "due_date": "2026-12-01"}),
            ),
            ("tag_id", "/v1/tags", json!({"display_name": "a tag"})),
            (
                "category_id",
                "/v1/categories",
                json!({"display_name": "a category"}),
            ),
            (
                "saved_filter_id",
                "/v1/savedFilters",
                json!({"display_name": "open", "filter": "state = open"}),
            ),
        ] {
            let answer = client
                .request("POST", path)
                .json(&body)
                .send()
                .await
                .unwrap();
            let created: Value = answer.error_for_status().unwrap().json().await.unwrap();
            ids.insert(name.to_owned(), created["id"].clone());
            ids.insert("operation_id".to_owned(), created["operation_id"].clone());
        }
        Self {
            document,
            client,
            ids,
        }
    }

    /// Returns values of every bounded field of an operation, with the place of the field in the request.
    fn samples_of(&self, operation: &Value) -> Vec<(&'static str, String, Sample)> {
        let mut all = Vec::new();
        // A missing file is all that is wrong with such a request.
        if operation["requestBody"].is_object() && !body_of(operation).is_object() {
            return all;
        }
        for parameter in operation["parameters"].as_array().unwrap() {
            let place = match parameter["in"].as_str() {
                Some("path") => "path",
                Some("query") => "query",
                _ => continue,
            };
            let name = parameter["name"].as_str().unwrap();
            let samples = self.samples(&parameter["schema"]).into_iter();
            all.extend(samples.map(|sample| (place, name.to_owned(), sample)));
        }
        for (name, schema) in body_of(operation)["schema"]["properties"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let samples = self.samples(schema).into_iter();
            all.extend(samples.map(|sample| ("body", name.clone(), sample)));
        }
        all
    }

    fn samples(&self, schema: &Value) -> Vec<Sample> {
        let schema = self.resolved(schema);
        let kind = match &schema["type"] {
            Value::Array(kinds) => &kinds[0],
            kind => kind,
        };
        match kind.as_str() {
            Some("integer") => integers(schema),
            Some("string") => strings(schema),
            Some("array") => self.lists(schema),
            _ => Vec::new(),
        }
    }

    fn lists(&self, schema: &Value) -> Vec<Sample> {
        let items = self.resolved(&schema["items"]);
        let list = |length: u64| -> Value { (0..length).map(|at| item(items, at)).collect() };
        // Ids of things that do not exist are refused for that reason.
        let is_id = items["format"] == "uuid";
        let mut samples = Vec::new();
        if let Some(least) = schema["minItems"].as_u64() {
            samples.push((list(least - 1), false));
        }
        if let Some(most) = schema["maxItems"].as_u64() {
            samples.push((list(most + 1), false));
            samples.extend((!is_id).then(|| (list(most), true)));
        }
        if schema["uniqueItems"] == true {
            samples.push((json!([item(items, 0), item(items, 0)]), false));
        }
        let inner = match items["required"].is_array() {
            true => Vec::new(),
            false => self.samples(items),
        };
        samples.extend(
            inner
                .into_iter()
                .map(|(value, valid)| (json!([value]), valid)),
        );
        for (name, property) in items["properties"].as_object().into_iter().flatten() {
            if !items["required"].is_array() {
                let values = self.samples(property).into_iter();
                samples.extend(values.map(|(value, valid)| (json!([{ name: value }]), valid)));
            }
        }
        samples
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"]
            .as_str()
            .or_else(|| schema["anyOf"][0]["$ref"].as_str());
        let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
        pointer.map_or(schema, |pointer| self.document.pointer(pointer).unwrap())
    }

    /// Sends a request that is right but for one value; returns its status and the fields that are refused.
    async fn faults(
        &self,
        path: &str,
        method: &str,
        operation: &Value,
        place: &str,
        name: &str,
        value: &Value,
    ) -> (u16, Vec<String>) {
        let mut path = path.to_owned();
        for (variable, id) in &self.ids {
            let id = if place == "path" && name == variable {
                value
            } else {
                id
            };
            path = path.replace(&format!("{{{variable}}}"), id.as_str().unwrap());
        }
        let content = body_of(operation);
        let mut body = content["example"].as_object().cloned().unwrap_or_default();
        let properties = &content["schema"]["properties"];
        if properties["reminders"].is_object() && properties["due_date"].is_object() {
            for due in ["due_time", "due_local_time", "start_time"] {
                body.remove(due);
            }
            body.insert("due_date".to_owned(), json!("2026-12-01"));
        }
        if name.starts_with("due_") || name == "start_time" {
            body.remove("due_date");
            body.remove("recurrence_rule");
        }
        if name == "start_time" && properties["due_date"].is_object() {
            body.insert("due_date".to_owned(), Value::Null);
        }
        if properties["validate_only"].is_object() {
            body.insert("validate_only".to_owned(), true.into());
        }
        path.push('?');
        for (required, text) in REQUIRED_QUERY {
            let parameters = operation["parameters"].as_array().unwrap();
            let is_required = parameters
                .iter()
                .any(|parameter| parameter["name"] == required && parameter["required"] == true);
            if is_required && name != required {
                path.push_str(&format!("{required}={text}&"));
            }
        }
        if place == "query" {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let text: String = byte_serialize(text.as_bytes()).collect();
            path.push_str(&format!("{name}={text}"));
        }
        let mut request = self.client.request(&method.to_uppercase(), &path);
        if content.is_object() {
            if place == "body" {
                body.insert(name.to_owned(), value.clone());
            }
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 200 {
            return (status, Vec::new());
        }
        let answer: Value = answer.json().await.unwrap();
        let details = answer["details"].as_array().unwrap().iter();
        let violations = details.flat_map(|detail| detail["field_violations"].as_array());
        let fields = violations
            .flatten()
            .map(|violation| violation["field"].as_str().unwrap().to_owned());
        (status, fields.collect())
    }
}

fn body_of(operation: &Value) -> &Value {
    &operation["requestBody"]["content"]["application/json"]
}

fn is_within(field: &str, name: &str) -> bool {
    let rest = field.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

fn integers(schema: &Value) -> Vec<Sample> {
    let mut samples = Vec::new();
    if let Some(least) = schema["minimum"].as_i64() {
        samples.extend([(json!(least), true), (json!(least - 1), false)]);
    }
    if let Some(most) = schema["maximum"].as_i64() {
        samples.extend([(json!(most), true), (json!(most + 1), false)]);
    }
    samples
}

fn strings(schema: &Value) -> Vec<Sample> {
    let mut samples = Vec::new();
    if schema["enum"].is_array() {
        samples.push((json!("no such word"), false));
    }
    // No form or pattern of the contract has a single bell.
    if schema["pattern"].is_string() || schema["format"] == "uuid" || schema["format"] == "email" {
        samples.push((json!("\u{7}"), false));
    }
    if schema["minLength"].as_u64() == Some(1) {
        samples.push((json!(""), false));
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        let text = |length: u64| json!("ß".repeat(usize::try_from(length).unwrap()));
        samples.push((text(most + 1), false));
        // Without a pattern, the text has a grammar of its own.
        if schema["pattern"].is_string() {
            samples.push((text(most), true));
        }
    }
    if schema["formatMinimum"] == "1970-01-01T00:00:00Z" {
        samples.extend([
            (schema["formatMinimum"].clone(), true),
            (json!("1969-12-31T23:59:59Z"), false),
        ]);
    }
    if schema["formatExclusiveMaximum"] == "2201-01-01T00:00:00Z" {
        samples.extend([
            (json!("2200-12-31T23:59:59Z"), true),
            (schema["formatExclusiveMaximum"].clone(), false),
        ]);
    }
    samples
}

/// Returns an item of a list, each with another value.
fn item(schema: &Value, at: u64) -> Value {
    let properties = &schema["properties"];
    match schema["type"].as_str() {
        Some("string") if schema["format"] == "uuid" => json!(Uuid::from_u128(at.into())),
        Some("string") => json!(format!("item {at}")),
        _ if properties["minutes_before_due"].is_object() => json!({ "minutes_before_due": at }),
        _ if properties["task_id"].is_object() => {
            json!({"task_id": Uuid::from_u128(at.into()), "title": "t"})
        }
        _ => json!({"title": "t"}),
    }
}
