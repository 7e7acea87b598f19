use http::Method;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use taskmesh_proto::google::api::{CustomHttpPattern, HttpRule, http_rule::Pattern};

use super::{path_template::PathTemplate, special_types::holds_file};

/// The way from a message to one of its fields, or to a field of a message within it.
pub type FieldPath = Vec<FieldDescriptor>;

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
    pub response_body: Option<FieldDescriptor>,
}

/// Part of a request that the HTTP body fills.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing: the request has no body.
    None,
    /// Every field that the path does not fill.
    Whole,
    /// One field.
    Field(FieldDescriptor),
    /// One field that is a file: the bytes as they are, of any content type.
    File(FieldDescriptor),
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
            .any(|path| path.len() == 1 && path[0].number() == number)
    }
}

/// Reads the routes of an RPC from its rule: its own and the additional ones. The error says what is wrong.
pub(super) fn bindings(rule: &HttpRule, rpc: &MethodDescriptor) -> Result<Vec<Binding>, String> {
    let mut bindings = vec![binding(rule, rpc)?];
    for additional in &rule.additional_bindings {
        if !additional.additional_bindings.is_empty() {
            return Err("additional_bindings cannot have additional_bindings".to_owned());
        }
        bindings.push(binding(additional, rpc)?);
    }
    Ok(bindings)
}

fn binding(rule: &HttpRule, rpc: &MethodDescriptor) -> Result<Binding, String> {
    if !rule.selector.is_empty() {
        return Err("selector has no meaning in an annotation; leave it out".to_owned());
    }
    let (method, template) = pattern(rule)?;
    let template = PathTemplate::parse(template)?;
    let (input, output) = (rpc.input(), rpc.output());
    let path_fields = template
        .variables()
        .map(|name| path_field(&input, name))
        .collect::<Result<Vec<_>, _>>()?;
    let body = body(&rule.body, &input)?;
    if matches!(method, Method::GET | Method::DELETE) && !matches!(body, Body::None) {
        return Err(format!("{method} {} cannot have a body", template.text()));
    }
    let response_body = match rule.response_body.as_str() {
        "" => None,
        name => Some(output.get_field_by_name(name).ok_or_else(|| {
            format!(
                "response_body \"{name}\" is not a field of {}",
                output.full_name()
            )
        })?),
    };
    Ok(Binding {
        method,
        template,
        path_fields,
        body,
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

fn body(name: &str, input: &MessageDescriptor) -> Result<Body, String> {
    match name {
        "" => Ok(Body::None),
        "*" => Ok(Body::Whole),
        name => match input.get_field_by_name(name) {
            Some(field) if holds_file(&field) => Ok(Body::File(field)),
            Some(field) => Ok(Body::Field(field)),
            None => Err(format!(
                "body \"{name}\" is not a field of {}",
                input.full_name()
            )),
        },
    }
}

fn path_field(input: &MessageDescriptor, name: &str) -> Result<FieldPath, String> {
    let path = field_path(input, name)
        .ok_or_else(|| format!("{{{name}}} is not a field of {}", input.full_name()))?;
    let last = path.last().ok_or("a variable has no name")?;
    let scalar = !matches!(last.kind(), Kind::Message(_)) && !last.is_list();
    match scalar {
        true => Ok(path),
        false => Err(format!(
            "{{{name}}} is a list or a message, which a path cannot hold"
        )),
    }
}

/// Finds a field by its dotted name, such as `filter.state`; every part may be in snake_case or camelCase.
fn field_path(message: &MessageDescriptor, name: &str) -> Option<FieldPath> {
    let mut path = FieldPath::new();
    let mut message = Some(message.clone());
    for part in name.split('.') {
        let within = message?;
        let field = within
            .get_field_by_name(part)
            .or_else(|| within.get_field_by_json_name(part))?;
        message = match field.kind() {
            Kind::Message(inner) if !field.is_list() && !field.is_map() => Some(inner),
            _ => None,
        };
        path.push(field);
    }
    Some(path)
}

/// Returns the dotted name of a path.
pub(crate) fn dotted(path: &[FieldDescriptor]) -> String {
    let names: Vec<&str> = path.iter().map(FieldDescriptor::name).collect();
    names.join(".")
}
