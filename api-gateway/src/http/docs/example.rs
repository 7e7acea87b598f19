use http::Method;
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    catalog::{Binding, Body, Plans, Rpc, dotted},
    http::openapi::{example, plain_path},
};

/// Writes a call that can be pasted into a shell, with the examples of the contract.
pub(super) fn curl(plans: &Plans, base: &str, rpc: &Rpc, binding: &Binding) -> String {
    let mut url = format!("{base}{}", plain_path(binding).replace(['{', '}'], "$"));
    for path in &binding.path_fields {
        let name = dotted(path);
        url = url.replace(&format!("${name}$"), &format!("${}", shell_name(&name)));
    }
    let examples = example(plans, rpc, binding);
    if !matches!(binding.body, Body::Whole) {
        let in_body = match &binding.body {
            Body::Field(field) | Body::File(field) => field.name.as_str(),
            _ => "",
        };
        let shown = examples.iter().filter(|(name, _)| *name != in_body);
        let texts = shown.map(|(name, value)| (name, text(value)));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(texts)
            .finish();
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
    }
    let mut lines = vec![format!("curl \"{url}\"")];
    let method = &binding.method;
    let implied = match &binding.body {
        Body::None => Method::GET,
        _ => Method::POST,
    };
    if *method != implied {
        lines.push(format!("-X {method}"));
    }
    lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    match &binding.body {
        Body::None => {}
        Body::File(_) => {
            lines.push("-H \"Content-Type: $TYPE\"".to_owned());
            lines.push("--data-binary @file".to_owned());
        }
        Body::Whole | Body::Field(_) => {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            let json = Value::Object(examples).to_string().replace('\'', "'\\''");
            lines.push(format!("-d '{json}'"));
        }
    }
    lines.join(" \\\n  ")
}

fn shell_name(name: &str) -> String {
    name.replace('.', "_").to_uppercase()
}

fn text(value: &Value) -> String {
    let first = value.get(0).unwrap_or(value);
    first
        .as_str()
        .map_or_else(|| first.to_string(), str::to_owned)
}
