use std::sync::Arc;

use http::Method;
use taskmesh_proto::google::api::{CustomHttpPattern, HttpRule, http_rule::Pattern};

use super::{FieldPath, FieldPlan, Kind, MessageId, Plans, path_template::PathTemplate};

/// One route of an RPC: method, path, and which fields the path, the body and the query fill.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The HTTP method.
    pub method: Method,
    pub(super) template: PathTemplate,
    /// The fields that the path's variables fill, in the order of the template.
    pub path_fields: Vec<FieldPath>,
    /// Part of the request that the HTTP body fills.
    pub body: Body,
    /// The response field that becomes the HTTP body; the whole response if absent.
    pub response_body: Option<Arc<FieldPlan>>,
    /// The HTTP body of the response is a file.
    pub answers_with_file: bool,
}

/// Part of a request that the HTTP body fills.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing: the request has no body.
    None,
    /// Every field that the path does not fill.
    Whole,
    /// One field.
    Field(Arc<FieldPlan>),
    /// One field that is a file: the bytes as they are, of any content type.
    File(Arc<FieldPlan>),
}

impl Binding {
    /// Returns the path template as it was written.
    pub fn path(&self) -> &str {
        self.template.text()
    }

    /// Returns the route as it is for a client that sends the request as one JSON object.
    pub(crate) fn with_whole_body(&self) -> Self {
        Self {
            method: Method::POST,
            body: Body::Whole,
            ..self.clone()
        }
    }

    /// Tells whether the path fills the field of the request with this number.
    pub fn fills(&self, number: u32) -> bool {
        self.path_fields
            .iter()
            .any(|path| path.len() == 1 && path[0].number == number)
    }
}

/// Reads the routes of an RPC from its rule: its own and the additional ones. The error says what is wrong.
pub(super) fn bindings(
    rule: &HttpRule,
    plans: &Plans,
    input: MessageId,
    output: MessageId,
) -> Result<Vec<Binding>, String> {
    let mut additional = rule.additional_bindings.iter();
    if additional.any(|rule| !rule.additional_bindings.is_empty()) {
        return Err("additional_bindings cannot have additional_bindings".to_owned());
    }
    let rules = std::iter::once(rule).chain(&rule.additional_bindings);
    let bindings = rules.map(|rule| binding(rule, plans, input, output));
    bindings.collect()
}

fn binding(
    rule: &HttpRule,
    plans: &Plans,
    input: MessageId,
    output: MessageId,
) -> Result<Binding, String> {
    if !rule.selector.is_empty() {
        return Err("selector has no meaning in an annotation; leave it out".to_owned());
    }
    let (method, template) = pattern(rule)?;
    let template = PathTemplate::parse(template)?;
    let path_fields = template
        .variables()
        .map(|name| path_field(plans, input, name))
        .collect::<Result<Vec<_>, _>>()?;
    let named = |message: MessageId, option: &str, name: &str| {
        let message = &plans[message];
        let field = message.fields.iter().find(|field| field.name == name);
        let message = &message.full_name;
        let field = field.cloned();
        field.ok_or_else(|| format!("{option} \"{name}\" is not a field of {message}"))
    };
    let body = match rule.body.as_str() {
        "" => Body::None,
        "*" => Body::Whole,
        name => match named(input, "body", name)? {
            field if field.is_file => Body::File(field),
            field => Body::Field(field),
        },
    };
    if matches!(method, Method::GET | Method::DELETE) && !matches!(body, Body::None) {
        return Err(format!("{method} {} cannot have a body", template.text()));
    }
    let response_body = match rule.response_body.as_str() {
        "" => None,
        name => Some(named(output, "response_body", name)?),
    };
    let is_file = response_body.as_ref().map(|field| field.is_file);
    Ok(Binding {
        method,
        template,
        path_fields,
        body,
        answers_with_file: is_file.unwrap_or_else(|| plans[output].is_file()),
        response_body,
    })
}

fn pattern(rule: &HttpRule) -> Result<(Method, &str), String> {
    let pattern = rule.pattern.as_ref();
    Ok(match pattern.ok_or("the rule has no method and path")? {
        Pattern::Get(path) => (Method::GET, path),
        Pattern::Put(path) => (Method::PUT, path),
        Pattern::Post(path) => (Method::POST, path),
        Pattern::Delete(path) => (Method::DELETE, path),
        Pattern::Patch(path) => (Method::PATCH, path),
        Pattern::Custom(CustomHttpPattern { kind, path }) => {
            let method = Method::from_bytes(kind.as_bytes());
            let method =
                method.map_err(|_| format!("custom kind \"{kind}\" is not an HTTP method"))?;
            (method, path)
        }
    })
}

fn path_field(plans: &Plans, input: MessageId, name: &str) -> Result<FieldPath, String> {
    let path = plans.path(input, name);
    let path =
        path.ok_or_else(|| format!("{{{name}}} is not a field of {}", plans[input].full_name))?;
    let last = path.last().ok_or("a variable has no name")?;
    let is_message = last.kind.wire_type() == 2 && !matches!(last.kind, Kind::String | Kind::Bytes);
    match is_message || last.is_list {
        false => Ok(path),
        true => Err(format!(
            "{{{name}}} is a list or a message, which a path cannot hold"
        )),
    }
}

/// Returns the dotted name of a path.
pub(crate) fn dotted(path: &[Arc<FieldPlan>]) -> String {
    let names: Vec<&str> = path.iter().map(|field| field.name.as_str()).collect();
    names.join(".")
}
