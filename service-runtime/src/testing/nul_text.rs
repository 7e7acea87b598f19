//! Calls with a character that PostgreSQL cannot store.

use http::uri::PathAndQuery;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use taskmesh_proto::codec::MessageCodec;
use tonic::{Code, Request, Status, client::Grpc};

use crate::{
    descriptors::POOL,
    grpc::{Channel, ErrorCode, FieldViolation},
};

const MAX_DEPTH: usize = 4;

/// Calls every RPC of a service once for each text field that its request can have, with U+0000 in it, and returns the calls that
/// were not refused with INVALID_ARGUMENT and the field's name. An etag may as well be stale.
///
/// `known` has values for other fields by their names, so that the calls are right but for that one field; `request` adds the
/// token that the RPC needs.
pub async fn nul_text_accepted(
    channel: Channel,
    service: &str,
    known: &[(&str, &str)],
    request: impl Fn(&str, DynamicMessage) -> Request<DynamicMessage>,
) -> Vec<String> {
    let service = POOL
        .get_service_by_name(service)
        .expect("the contract has the service");
    let mut accepted = Vec::new();
    for method in service.methods() {
        let path = format!("/{}/{}", service.full_name(), method.name());
        let path = PathAndQuery::try_from(path).expect("names make a path");
        for field in text_fields(&method.input(), &[]) {
            let name = name(&field);
            let plain = known_value(known, &field[field.len() - 1]).unwrap_or("x");
            for text in [format!("{plain}\0"), "\0".to_owned()] {
                let message = message(&method.input(), &field, &text, known);
                let answer = call(
                    channel.clone(),
                    path.clone(),
                    request(method.name(), message),
                );
                let refused = match answer.await {
                    Ok(()) => Err("accepted".to_owned()),
                    Err(status) => check(&status, &name),
                };
                if let Err(wrong) = refused {
                    accepted.push(format!("{} {name} {text:?}: {wrong}", method.name()));
                }
            }
        }
    }
    accepted
}

fn check(status: &Status, name: &str) -> Result<(), String> {
    let violations = FieldViolation::all_of(status);
    let names_field = violations.iter().any(|violation| {
        !violation.field.is_empty()
            && (name.starts_with(&violation.field) || violation.field.starts_with(name))
    });
    let is_stale = name.ends_with("etag") && ErrorCode::of(status) == ErrorCode::StaleEtag;
    match is_stale || status.code() == Code::InvalidArgument && names_field {
        true => Ok(()),
        false => Err(format!("{:?} {}", status.code(), status.message())),
    }
}

async fn call(
    channel: Channel,
    path: PathAndQuery,
    request: Request<DynamicMessage>,
) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    // The empty message ignores all fields of the answer.
    let codec = MessageCodec::<DynamicMessage, ()>::default();
    let answer = client.server_streaming(request, path, codec).await?;
    answer.into_inner().message().await?;
    Ok(())
}

/// Returns the paths to all text fields of a message.
fn text_fields(
    message: &MessageDescriptor,
    above: &[FieldDescriptor],
) -> Vec<Vec<FieldDescriptor>> {
    let mut found = Vec::new();
    for field in message.fields() {
        let path = [above, std::slice::from_ref(&field)].concat();
        match field.kind() {
            Kind::String => found.push(path),
            Kind::Message(inner) if path.len() < MAX_DEPTH => {
                found.extend(text_fields(&inner, &path));
            }
            _ => {}
        }
    }
    found
}

fn name(path: &[FieldDescriptor]) -> String {
    let names: Vec<String> = path
        .iter()
        .map(|field| match field.is_list() {
            true => format!("{}[0]", field.name()),
            false => field.name().to_owned(),
        })
        .collect();
    names.join(".")
}

fn known_value<'a>(known: &[(&str, &'a str)], field: &FieldDescriptor) -> Option<&'a str> {
    let (_, value) = known.iter().find(|(name, _)| *name == field.name())?;
    Some(value)
}

/// Returns a message with a text at a path, and the known values beside it.
fn message(
    descriptor: &MessageDescriptor,
    path: &[FieldDescriptor],
    text: &str,
    known: &[(&str, &str)],
) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if let Some(value) = known_value(known, &field)
            && field.kind() == Kind::String
            && !field.is_list()
        {
            message.set_field(&field, Value::String(value.to_owned()));
        }
    }
    let (field, below) = path.split_first().expect("a path has a field");
    if let Some(mask) = descriptor.get_field_by_name("update_mask")
        && let Kind::Message(kind) = mask.kind()
    {
        // What steers the call cannot be updated; something else is, then.
        let steers = field.number() == 1 || ["etag", "request_id"].contains(&field.name());
        let updated = descriptor.fields().find(|other| {
            steers && !other.name().ends_with("_id") && known_value(known, other).is_some()
        });
        let updated = updated.as_ref().unwrap_or(field).name().to_owned();
        let mut value = DynamicMessage::new(kind);
        value.set_field_by_name("paths", Value::List(vec![Value::String(updated)]));
        message.set_field(&mask, Value::Message(value));
    }
    let value = match (below, field.kind()) {
        ([_, ..], Kind::Message(inner)) => {
            Value::Message(self::message(&inner, below, text, known))
        }
        _ => Value::String(text.to_owned()),
    };
    let value = match field.is_list() {
        true => Value::List(vec![value]),
        false => value,
    };
    message.set_field(field, value);
    message
}
